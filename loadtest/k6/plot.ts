export interface Line {
  name: string;
  points: { x: number; y: number }[];
}

export interface Plot {
  title: string;
  unit: string;
  lines: Line[];
  /** A level that should not be passed. */
  limit?: number;
}

const SIZE = { width: 720, height: 240 };
const AREA = { left: 64, right: 704, top: 16, bottom: 204 };
const TICKS = 5;

/** A line chart over seconds as inline SVG; its colours are the classes of the page. */
export function svgOf({ title, unit, lines, limit }: Plot): string {
  const points = lines.flatMap((line) => line.points);
  const xTicks = ticksTo(Math.max(...points.map(({ x }) => x), 1));
  const yTicks = ticksTo(Math.max(...points.map(({ y }) => y), 1));
  const x = scale(xTicks, AREA.left, AREA.right);
  const y = scale(yTicks, AREA.bottom, AREA.top);
  const parts = [
    ...yTicks.map((tick) => gridLine(y(tick), `${tick}`)),
    ...xTicks.map((tick) => text(x(tick), AREA.bottom + 18, 'middle', `${tick}`)),
    text(AREA.right, AREA.bottom + 34, 'end', 'seconds'),
    text(AREA.left, AREA.top - 6, 'middle', unit),
    ...lines.map(({ points: of }, i) => curve(of, x, y, `line-${i + 1}`)),
  ];
  if (limit !== undefined && limit <= yTicks.at(-1)!) {
    parts.push(
      `<line class="limit" x1="${AREA.left}" x2="${AREA.right}" y1="${y(limit)}" y2="${y(limit)}"/>`,
    );
  }
  return `<svg viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${title}">${parts.join('')}</svg>`;
}

/** Round numbers from 0 to at least `max`. */
export function ticksTo(max: number): number[] {
  const rough = max / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const count = Math.ceil(max / step);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function scale(ticks: number[], from: number, to: number): (value: number) => number {
  const max = ticks.at(-1)!;
  return (value) => Math.round((from + ((to - from) * value) / max) * 10) / 10;
}

function gridLine(y: number, label: string): string {
  return `<line class="grid" x1="${AREA.left}" x2="${AREA.right}" y1="${y}" y2="${y}"/>${text(AREA.left - 8, y + 4, 'end', label)}`;
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`;
}

function curve(
  points: Line['points'],
  x: (v: number) => number,
  y: (v: number) => number,
  name: string,
): string {
  const path = points.map((point) => `${x(point.x)},${y(point.y)}`).join(' ');
  const dots = points.map((point) => `<circle class="${name}" cx="${x(point.x)}" cy="${y(point.y)}" r="2"/>`);
  return `<polyline class="${name}" points="${path}"/>${dots.join('')}`;
}
