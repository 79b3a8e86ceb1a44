import os from 'node:os';
import type { Measurement } from './workload.ts';

export type Measurements = Record<string, Measurement>;

const HEADINGS = ['workload', 'value', 'unit', 'yardstick', 'ratio', 'aim', 'met'];
const RIGHT_ALIGNED = new Set(['value', 'yardstick', 'ratio']);

/** The measurements as a table for people, each with its notes below. */
export function table(measurements: Measurements): string {
  const rows = Object.entries(measurements).map(([name, m]) => ({ cells: cellsOf(name, m), notes: m.notes }));
  const widths = HEADINGS.map((heading, i) =>
    Math.max(heading.length, ...rows.map(({ cells }) => cells[i]!.length)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, i) =>
        RIGHT_ALIGNED.has(HEADINGS[i]!) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
      )
      .join('  ');
  const lines = [line(HEADINGS), line(widths.map((width) => '-'.repeat(width)))];
  for (const { cells, notes } of rows) lines.push(line(cells), ...notes.map((note) => `    ${note}`));
  return lines.join('\n');
}

function cellsOf(name: string, { value, unit, yardstick, ratio, aim, met }: Measurement): string[] {
  return [
    name,
    shown(value),
    unit,
    shown(yardstick),
    `${(ratio * 100).toFixed(0)} %`,
    aim,
    met ? 'yes' : 'NO',
  ];
}

function shown(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 1000 ? 1 : 0 });
}

/** The measurements for programs. */
export function json(measurements: Measurements): string {
  const result: Record<string, unknown> = {};
  for (const [name, { value, unit, yardstick, ratio, latency }] of Object.entries(measurements)) {
    result[name] = { value, unit, yardstick, ratio, ...latency };
  }
  result.load_average = os.loadavg();
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** How busy the machine was, which decides what the numbers are worth. */
export function loadLine(): string {
  const averages = os.loadavg().map((average) => average.toFixed(2));
  return `Load average ${averages.join(', ')} on ${os.availableParallelism()} CPUs.`;
}
