import { after, afterEach } from 'node:test';
import { type Environment, type OwnServer, startOwnServer } from './own-server.ts';

const EXTERNAL_URLS = (process.env.SEQLINE_URLS ?? '').split(',').filter((url) => url !== '');

/** For `skip` of tests that need a configuration of their own, or the server's process. */
export const NEEDS_OWN_SERVER =
  EXTERNAL_URLS.length > 0 && 'needs a server that the test configures, and SEQLINE_URLS names others';

/**
 * The servers under test: those of SEQLINE_URLS (with their AUTH_JWT_SECRET), or else a standalone one that is started
 * for the file and ends with it.
 */
export interface Target {
  /** Key of HS256 tokens. */
  readonly secret: string;
  /** Base URL for the next client or call; each in turn, so that pairs are spread over the gateways. */
  nextUrl(): string;
  /** The one process, for tests that look into it; throws for external servers. */
  own(): OwnServer;
  /** Runs when the file is done, before the server ends. */
  onStop(cleanup: () => void): void;
}

/** To be awaited at the top of a test file; where it needs several, they start side by side. */
export async function useTarget(env?: Environment): Promise<Target> {
  if (EXTERNAL_URLS.length > 0) return env ? noTarget() : externalTarget();
  return ownTarget(env ?? {});
}

async function ownTarget(env: Environment): Promise<Target> {
  const cleanups: (() => void)[] = [];
  const server = await startOwnServer(env);
  let failed = false;
  afterEach((context) => {
    if ('passed' in context && !context.passed) failed = true;
  });
  after(async () => {
    for (const cleanup of cleanups) cleanup();
    if (failed) console.error(`What the server wrote:\n${server.log()}`);
    await server.stop();
  });
  return {
    secret: server.secret,
    nextUrl: () => server.url,
    own: () => server,
    onStop: (cleanup) => void cleanups.push(cleanup),
  };
}

function externalTarget(): Target {
  const cleanups: (() => void)[] = [];
  const secret = process.env.AUTH_JWT_SECRET;
  if (!secret) throw new Error('SEQLINE_URLS needs AUTH_JWT_SECRET beside it, to sign tokens.');
  let turn = 0;
  after(() => {
    for (const cleanup of cleanups) cleanup();
  });
  return {
    secret,
    nextUrl: () => EXTERNAL_URLS[turn++ % EXTERNAL_URLS.length]!,
    own: noProcess,
    onStop: (cleanup) => void cleanups.push(cleanup),
  };
}

/** For tests that are skipped. */
function noTarget(): Target {
  return { secret: '', nextUrl: noProcess, own: noProcess, onStop: noProcess };
}

function noProcess(): never {
  throw new Error('This test must be skipped with NEEDS_OWN_SERVER.');
}
