import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FAULT_MS_MAX = 120_000;

export type ServerName = 'mysql' | 'redis' | 'kafka';
export const FAULTS = ['stop', 'pause', 'kill'] as const;
export type FaultName = (typeof FAULTS)[number];
const REMEDIES: Record<FaultName, string> = { stop: 'start', pause: 'resume', kill: 'start' };

/** For `skip` of tests that stop servers: a program that is called as `services fault <server> <fault>`. */
export const NO_LAB: string | false =
  !process.env.LAB && 'set LAB to a program that stops and starts the servers';

/** Those that this process took away, and how: none stays away because a test ends before its time. */
const away = new Map<ServerName, FaultName>();
process.on('exit', () => {
  for (const [server, fault] of away) spawnSync(process.env.LAB!, argumentsOf(server, REMEDIES[fault]));
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => process.exit(1));
}

/** Takes a server away: ended in good order, stopped amid what it does, or killed. */
export async function takeAway(server: ServerName, fault: FaultName): Promise<void> {
  away.set(server, fault);
  await services(server, fault);
}

/** Ends what `takeAway` began. Resolves when the server takes connections. */
export async function bringBack(server: ServerName, fault: FaultName): Promise<void> {
  await services(server, REMEDIES[fault]);
  away.delete(server);
}

/** The server is away for as long as `work` lasts, and back afterwards whatever came of it. */
export async function without<T>(server: ServerName, fault: FaultName, work: () => Promise<T>): Promise<T> {
  await takeAway(server, fault);
  try {
    return await work();
  } finally {
    await bringBack(server, fault);
  }
}

async function services(server: ServerName, action: string): Promise<void> {
  await run(process.env.LAB!, argumentsOf(server, action), { timeout: FAULT_MS_MAX });
}

function argumentsOf(server: ServerName, action: string): string[] {
  return ['services', 'fault', server, action];
}
