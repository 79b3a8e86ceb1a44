/**
 * Loaded before a process's own code (`NODE_OPTIONS=--import`). At SIGUSR2 the process's clock is set: so many
 * milliseconds off the real one as the file says that `CLOCK_FILE` names; the file goes when that is done. Timers and
 * `performance.now()` go on, as they do where a machine's clock is set.
 */
import { readFileSync, rmSync } from 'node:fs';

const FILE = process.env.CLOCK_FILE!;
const RealDate = Date;
let offsetMs = 0;

class ShiftedDate extends RealDate {
  constructor(...args: unknown[]) {
    super(...((args.length === 0 ? [ShiftedDate.now()] : args) as [number]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

globalThis.Date = ShiftedDate as DateConstructor;
process.on('SIGUSR2', () => {
  offsetMs = Number(readFileSync(FILE, 'utf8'));
  rmSync(FILE);
});
