import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import { json, loadLine, type Measurements, table } from './report.ts';

export interface CommandOptions {
  json: string | undefined;
  help: boolean;
}

export interface Command<O extends CommandOptions> {
  name: string;
  help: string;
  /** Throws an `Error` that says what is wrong with the arguments. */
  parse(args: string[]): O;
  measure(options: O): Promise<Measurements>;
}

/** Runs a bench from the command line and shows what it measured. */
export async function runCommand<O extends CommandOptions>({
  name,
  help,
  parse,
  measure,
}: Command<O>): Promise<void> {
  const fail = (error: unknown) => {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  };
  // Whatever goes wrong in a socket's callback ends the run, with its servers, here.
  process.on('uncaughtException', fail);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  try {
    const options = parse(process.argv.slice(2));
    if (options.help) console.log(help);
    else await show(options, measure);
  } catch (error) {
    fail(error);
  }
}

async function show<O extends CommandOptions>(options: O, measure: Command<O>['measure']): Promise<void> {
  const { json: file } = options;
  if (file) accessSync(path.dirname(file), constants.W_OK);
  const measurements = await measure(options);
  console.log(`\n${table(measurements)}\n\n${loadLine()}`);
  if (file) writeFileSync(file, json(measurements));
}
