import type { Config } from '../config/config.ts';
import { startControllerRole } from './controller.ts';
import { startGatewayRole } from './gateway.ts';
import { runMigrations } from './migrate.ts';
import type { RunningRole } from './running-role.ts';
import { startStandalone } from './standalone.ts';
import { startWorkerRole } from './worker.ts';

/** Starts what the configuration names; `signal` ends a start that waits for its servers. */
export async function startRole(config: Config, signal: AbortSignal): Promise<RunningRole> {
  switch (config.role) {
    case 'standalone':
      return startStandalone(config, signal);
    case 'gateway':
      return startGatewayRole(config, signal);
    case 'worker':
      return startWorkerRole(config, signal);
    case 'migrate':
      return runMigrations(config);
    case 'controller':
      return startControllerRole(config, signal);
  }
}
