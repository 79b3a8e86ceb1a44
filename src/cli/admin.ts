import { type Config, ConfigError, readConfig } from '../config/config.ts';
import { StoreUnavailable } from '../ports/errors.ts';
import type { Operations } from '../ports/operations.ts';
import { type AdminCommand, parseAdmin, UsageError } from './admin-arguments.ts';
import { ADMIN_TEXTS } from './admin-help.ts';
import { printableJson } from './table.ts';

export type OpenOperations = (config: Config) => Operations;

const OK = 0;
const FAILED = 1;
const USAGE = 2;

const REMEDIES: Record<string, string | undefined> = {
  kafka: 'Check KAFKA_BROKERS and the login, and that `seqline migrate` has run.',
  mysql: 'Check MYSQL_URL, and that `seqline migrate` has run.',
  redis: 'Check REDIS_URL.',
};

/** Carries out one command of `seqline admin`; gives the exit code. */
export async function runAdmin(args: string[], open: OpenOperations): Promise<number> {
  let command: AdminCommand;
  try {
    command = parseAdmin(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`seqline: ${error.message}.\n\n${ADMIN_TEXTS[`admin ${args[0]}`] ?? ADMIN_TEXTS.admin}`);
    return USAGE;
  }
  try {
    await using operations = open(adminConfig());
    const { text, json } = await command.run(operations);
    console.log(command.json ? printableJson(json) : text);
    return OK;
  } catch (error) {
    console.error(`seqline: ${messageOf(error as Error)}`);
    return FAILED;
  }
}

/** It looks at what a worker works with. */
function adminConfig(): Config {
  try {
    return readConfig('worker');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Error(`${error.message}\nseqline admin reads the same environment as a worker: run it there.`);
  }
}

function messageOf(error: Error): string {
  const outage = [error, error.cause].find((candidate) => candidate instanceof StoreUnavailable);
  const remedy = outage && REMEDIES[outage.store];
  return remedy ? `${error.message.replace(/\.?$/, '.')} ${remedy}` : error.message;
}
