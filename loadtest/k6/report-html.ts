import { type Plot, svgOf } from './plot.ts';
import type { Part, Report } from './report.ts';
import { shown } from './report-text.ts';

const STATS = ['count', 'min', 'avg', 'med', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'];

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #6a737d; --rule: #d8dee4; --paper: #fff; --good: #1a7f37; --bad: #cf222e; --one: #0969da; --two: #bc4c00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #8d96a0; --rule: #30363d; --paper: #0d1117; --good: #3fb950; --bad: #f85149; --one: #58a6ff; --two: #ffa657; } }
body { margin: 2rem auto; max-width: 56rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .dim { color: var(--dim); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--rule); text-align: right; } th:first-child, td:first-child { text-align: left; } th { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--dim); } .grid { stroke: var(--rule); } .limit { stroke: var(--bad); stroke-dasharray: 4 4; }
polyline { fill: none; stroke-width: 1.5; } polyline.line-1 { stroke: var(--one); } polyline.line-2 { stroke: var(--two); } circle.line-1 { fill: var(--one); } circle.line-2 { fill: var(--two); }
.key::before { content: "— "; font-weight: 700; } .key-1::before { color: var(--one); } .key-2::before { color: var(--two); }`;

/** The report as one page that needs nothing from anywhere. */
export function htmlOf(report: Report): string {
  const { scenario, passed, settings, thresholds, trends, counters } = report;
  const verdict = passed ? '<span class="good">passed</span>' : '<span class="bad">failed</span>';
  const about = `${settings.users} users, ${settings.rate} a second, for ${settings.durationMs / 1000} s, at ${settings.urls.join(', ')}`;
  const sections = [
    section('Thresholds', table(['threshold', 'measured', ''], thresholds.map(thresholdRow))),
    ...plotsOf(report).map(plotSection),
    section(
      'Latencies, in milliseconds',
      table(
        ['', ...STATS],
        Object.entries(trends).map(([name, values]) =>
          [name, ...STATS.map((stat) => shown(values[stat]!))].map(cell),
        ),
      ),
    ),
    section(
      'Counted',
      table(
        ['', ''],
        Object.entries(counters).map(([name, count]) => [name, shown(count)].map(cell)),
      ),
    ),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(scenario)}</title><style>${STYLE}</style></head>
<body><h1>${escaped(scenario)}: ${verdict}</h1><p class="dim">${escaped(about)}</p>
${sections.join('\n')}
</body></html>
`;
}

function plotsOf({ overTime, settings }: Report): Plot[] {
  const { im_sent_latency: sent = [], im_delivered_latency: delivered = [] } = overTime;
  const plots: Plot[] = [
    {
      title: 'Messages',
      unit: 'a second',
      lines: [line('sent', sent, 'rate'), line('delivered', delivered, 'rate')],
    },
    { title: 'From due to sent', unit: 'ms', lines: percentiles(sent), limit: settings.sentP99Ms },
    {
      title: 'From due to delivered',
      unit: 'ms',
      lines: percentiles(delivered),
      limit: settings.deliveredP99Ms,
    },
  ];
  return plots.filter(({ lines }) => lines.some(({ points }) => points.length > 0));
}

function percentiles(parts: Part[]): Plot['lines'] {
  return [line('median', parts, 'p50'), line('99 %', parts, 'p99')];
}

function line(name: string, parts: Part[], key: 'rate' | 'p50' | 'p99'): Plot['lines'][number] {
  const points = parts.flatMap((part) => {
    const y = part[key];
    return y === null ? [] : [{ x: part.seconds, y }];
  });
  return { name, points };
}

function plotSection(plot: Plot): string {
  const keys = plot.lines
    .map(({ name }, i) => `<span class="key key-${i + 1}">${name}</span>`)
    .join(' &nbsp; ');
  return section(plot.title, `${svgOf(plot)}<p class="dim">${keys}</p>`);
}

function thresholdRow({ metric, rule, ok, value }: Report['thresholds'][number]): string[] {
  return [
    cell(`${metric}: ${rule}`),
    cell(value === null ? 'nothing' : shown(value)),
    `<td class="${ok ? 'good' : 'bad'}">${ok ? 'ok' : 'failed'}</td>`,
  ];
}

function section(title: string, content: string): string {
  return `<h2>${title}</h2>${content}`;
}

function table(headings: string[], rows: string[][]): string {
  const head = headings.map((heading) => `<th>${heading}</th>`).join('');
  return `<div class="wide"><table><tr>${head}</tr>${rows.map((row) => `<tr>${row.join('')}</tr>`).join('')}</table></div>`;
}

function cell(content: string): string {
  return `<td>${escaped(content)}</td>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
