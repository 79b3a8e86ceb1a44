import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Report } from '../../loadtest/k6/report.ts';
import { endOf, findK6, startK6 } from '../../scripts/load/k6.ts';

/** How long it takes is another question, on a machine that does other things too. */
const PATIENT = { SENT_P99_MS: '60000', DELIVERED_P99_MS: '60000', CATCH_UP_P99_MS: '60000' };

export interface Run {
  /** What k6 ended with. */
  code: number;
  output: string;
  /** Undefined where the run did not begin. */
  report: Report | undefined;
  /** The metrics whose thresholds did not hold. */
  failed: string[];
}

/** Undefined where k6 can be run, else why these tests are left out; in CI they are not, and fail. */
export function whyNoK6(): string | undefined {
  if (process.env.CI === 'true') return undefined;
  try {
    findK6();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export async function runScenario(
  scenario: string,
  env: Record<string, string>,
  during?: () => Promise<void>,
): Promise<Run> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seqline-load-'));
  const { PATH, HOME } = process.env;
  const settings = { PATH, HOME, ...PATIENT, ...env, SUMMARY_DIR: folder };
  const k6 = startK6(findK6(), scenario, settings, ['--quiet', '--no-color'], 'pipe');
  try {
    let output = '';
    for (const stream of [k6.stdout!, k6.stderr!]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        output += part;
      });
    }
    const [code] = await Promise.all([endOf(k6), during?.()]);
    const report = await readFile(path.join(folder, `${scenario}.json`), 'utf8').then(
      JSON.parse,
      () => undefined,
    );
    const failed =
      (report as Report | undefined)?.thresholds.filter(({ ok }) => !ok).map(({ metric }) => metric) ?? [];
    return { code, output, report, failed };
  } finally {
    k6.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}
