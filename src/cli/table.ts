/** A number stands to the right; what is not there is a dash. */
export type Cell = string | number | null;

const GAP = '  ';
const NONE = '–';

/** Columns for people. Empty where there is no row. */
export function table(titles: string[], rows: Cell[][]): string {
  if (rows.length === 0) return '';
  const texts = rows.map((row) => row.map((cell) => (cell === null ? NONE : printable(String(cell)))));
  const widths = titles.map((title, i) => Math.max(title.length, ...texts.map((row) => row[i]!.length)));
  const isRight = titles.map((_, i) => rows.every((row) => typeof row[i] !== 'string'));
  const line = (cells: string[]) =>
    cells
      .map((text, i) => (isRight[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join(GAP)
      .trimEnd();
  return [titles, ...texts].map(line).join('\n');
}

/** One line without control characters: what others wrote must not rewrite this terminal. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '\ufffd');
}

/** JSON that means the same and is harmless to a terminal. */
export function printableJson(value: unknown): string {
  return (JSON.stringify(value, null, 2) ?? '').replace(/(?!\n)\p{C}/gu, escaped);
}

/** Each half of a character beyond U+FFFF by itself, as JSON wants it. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    const code = character.charCodeAt(i).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  }).join('');
}

const UNITS = [
  { ms: 86_400_000, name: 'd' },
  { ms: 3_600_000, name: 'h' },
  { ms: 60_000, name: 'min' },
  { ms: 1000, name: 's' },
];

/** The largest unit that fits, rounded down: "5 min". */
export function duration(ms: number): string {
  const unit = UNITS.find((candidate) => ms >= candidate.ms) ?? { ms: 1, name: 'ms' };
  return `${Math.floor(ms / unit.ms)} ${unit.name}`;
}

/** In UTC, to the millisecond: to be found again in logs. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
