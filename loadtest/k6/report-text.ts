import type { Report } from './report.ts';

const STATS = ['count', 'med', 'p(90)', 'p(99)', 'p(99.9)', 'max'];

/** The report for a terminal. */
export function textOf(report: Report): string {
  const { scenario, passed, settings, thresholds, trends, counters } = report;
  const lines = [
    `${scenario}: ${passed ? 'passed' : 'FAILED'}`,
    `${settings.users} users, ${settings.rate} a second, for ${settings.durationMs / 1000} s, at ${settings.urls.join(', ')}`,
    '',
    ...table([['', 'threshold', 'measured'], ...thresholds.map(thresholdCells)], ['left', 'left', 'right']),
    '',
    ...table(
      [
        ['milliseconds', ...STATS],
        ...Object.entries(trends).map(([name, values]) => [
          name,
          ...STATS.map((stat) => shown(values[stat]!)),
        ]),
      ],
      ['left', ...STATS.map(() => 'right' as const)],
    ),
    '',
    ...table(
      [['counted', ''], ...Object.entries(counters).map(([name, count]) => [name, shown(count)])],
      ['left', 'right'],
    ),
  ];
  return `\n${lines.join('\n')}\n\n`;
}

function thresholdCells({ metric, rule, ok, value }: Report['thresholds'][number]): string[] {
  return [ok ? 'ok' : 'FAILED', `${metric}: ${rule}`, value === null ? 'nothing' : shown(value)];
}

export function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 100 ? 2 : 0);
}

function table(rows: string[][], sides: ('left' | 'right')[]): string[] {
  const widths = sides.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        sides[column] === 'left' ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
