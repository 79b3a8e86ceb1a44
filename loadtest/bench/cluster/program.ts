import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const RUN_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** Runs a program to its end and gives what it wrote. Throws where it does not end well, or not in time. */
export async function runProgram(program: string, args: string[]): Promise<string> {
  const limits = { timeout: RUN_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  const { stdout } = await promisify(execFile)(program, args, limits);
  return stdout;
}
