import type { Config } from '../config/config.ts';
import type { RunningRole } from './running-role.ts';
import { startStandalone } from './standalone.ts';

/** Starts what the configuration names. */
export async function startRole(config: Config): Promise<RunningRole> {
  if (config.role === 'standalone') return startStandalone(config);
  throw new Error(
    `The role ${config.role} needs Kafka, MySQL and Redis, which this version does not speak yet. Run \`seqline standalone\`: it needs nothing.`,
  );
}
