import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executable = process.env.CHROMIUM_PATH || findOnPath();

/**
 * Why the tests of the page cannot run here, or false. On a machine that must run them (`CI=true`) this is no reason
 * to skip: they then fail with the same sentence.
 */
export const skipReason: string | false =
  executable || process.env.CI === 'true'
    ? false
    : 'No Chromium was found. Install one (Debian: apt-get install chromium), or set CHROMIUM_PATH.';

export async function launchChromium(): Promise<Browser> {
  if (!executable) throw new Error('No Chromium was found. Install one, or set CHROMIUM_PATH.');
  return chromium.launch({ executablePath: executable, args: ARGS });
}

function findOnPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
