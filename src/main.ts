#!/usr/bin/env node
import { once } from 'node:events';
import { runCommand } from './cli/commands.ts';
import { greeting } from './cli/greeting.ts';
import { type Config, readConfig } from './config/config.ts';
import { ROLES, type RoleName } from './config/variables.ts';
import { openOperations } from './roles/admin/open-operations.ts';
import { startRole } from './roles/start-role.ts';

/** npm passes on a Ctrl-C that the terminal sent to everyone: what comes this soon after the first is the same signal. */
const SAME_SIGNAL_MS = 100;
/** Beyond DRAIN_MS, how long a stopping process may take before it ends all the same. */
const STOP_GRACE_MS = 15_000;

const [name = '', ...args] = process.argv.slice(2);
const wantsHelp = args.includes('--help') || args.includes('-h');
try {
  if (ROLES.includes(name as RoleName) && !wantsHelp) await run(readConfig(name as RoleName));
  else process.exitCode = await runCommand(name, args, openOperations);
} catch (error) {
  fail(error);
}

/** Serves until the first SIGTERM or SIGINT, then drains; a second one ends the process at once. */
async function run(config: Config): Promise<void> {
  const stopping = new AbortController();
  let firstAt = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted && performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(1);
      if (stopping.signal.aborted) return;
      firstAt = performance.now();
      stopping.abort();
      setTimeout(() => process.exit(1), config.DRAIN_MS + STOP_GRACE_MS).unref();
    });
  }
  const role = await startRole(config, stopping.signal).catch((error) => {
    if (stopping.signal.aborted) process.exit(0);
    throw error;
  });
  if (role.url) console.log(greeting(config, role.url));
  if (!role.done && !stopping.signal.aborted) await once(stopping.signal, 'abort');
  await role[Symbol.asyncDispose]();
  process.exit(0);
}

function fail(error: unknown): never {
  const { code, port, address, stack, message } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
  };
  if (code === 'EADDRINUSE') {
    console.error(
      `seqline: ${address}:${port} is in use. Stop what listens there, or set PORT or INTERNAL_PORT.`,
    );
  } else console.error(`seqline: ${process.argv.includes('--trace') ? stack : message}`);
  process.exit(1);
}
