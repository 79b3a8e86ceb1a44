import type { Settings } from './settings.ts';
import { SLICES } from './slices.ts';

/** What k6 hands to `handleSummary`, as far as it is read. */
export interface SummaryData {
  metrics: Record<string, Metric>;
  state: { testRunDurationMs: number };
}

interface Metric {
  type: string;
  values: Record<string, number>;
  thresholds?: Record<string, { ok: boolean }>;
}

export interface Report {
  scenario: string;
  passed: boolean;
  settings: Omit<Settings, 'secret'>;
  tookMs: number;
  thresholds: { metric: string; rule: string; ok: boolean; value: number | null }[];
  /** Latencies in milliseconds, by name and statistic: `med`, `p(99)` and so on. */
  trends: Record<string, Record<string, number>>;
  counters: Record<string, number>;
  /** The same latencies in parts of the run, by when what they measure was due. */
  overTime: Record<string, Part[]>;
}

export interface Part {
  /** From the start to the middle of the part. */
  seconds: number;
  /** A second. */
  rate: number;
  /** Null where nothing was due. */
  p50: number | null;
  p99: number | null;
}

const BY_CODE = /^im_\w+\{code:/;
const SLICED = /^(\w+)\{slice:(\d+)\}$/;

export function reportOf(scenario: string, { secret: _, ...settings }: Settings, data: SummaryData): Report {
  const whole = Object.entries(data.metrics).filter(([name]) => /^im_\w+$/.test(name));
  const thresholds = whole.flatMap(([metric, { values, thresholds: rules = {} }]) =>
    Object.entries(rules).map(([rule, { ok }]) => ({ metric, rule, ok, value: measured(rule, values) })),
  );
  return {
    scenario,
    passed: thresholds.every(({ ok }) => ok),
    settings,
    tookMs: Math.round(data.state.testRunDurationMs),
    thresholds: thresholds.sort((a, b) => Number(a.ok) - Number(b.ok) || a.metric.localeCompare(b.metric)),
    trends: Object.fromEntries(
      whole
        .filter(([, { type, values }]) => type === 'trend' && values.count! > 0)
        .map(([name, { values }]) => [name, values]),
    ),
    counters: countersOf(data.metrics),
    overTime: partsOf(data.metrics, settings.durationMs),
  };
}

/** By name; those of closes and refusals also by code, where there were any. */
function countersOf(metrics: Record<string, Metric>): Record<string, number> {
  const shown = Object.entries(metrics).filter(
    ([name, { type, values }]) =>
      type === 'counter' && (/^im_\w+$/.test(name) || (BY_CODE.test(name) && values.count! > 0)),
  );
  return Object.fromEntries(
    shown.map(([name, { values }]) => [name, values.count!] as const).sort(([a], [b]) => a.localeCompare(b)),
  );
}

/** The value that a rule such as `p(99)<20` compares. */
function measured(rule: string, values: Record<string, number>): number | null {
  return values[rule.split(/[<>=!]/)[0]!.trim()] ?? null;
}

function partsOf(metrics: Record<string, Metric>, durationMs: number): Record<string, Part[]> {
  const partSeconds = durationMs / 1000 / SLICES;
  const parts: Record<string, Part[]> = {};
  for (const [name, { values }] of Object.entries(metrics)) {
    const [, metric, slice] = SLICED.exec(name) ?? [];
    if (metric === undefined || !metrics[metric]?.values.count) continue;
    const count = values.count ?? 0;
    parts[metric] ??= [];
    parts[metric].push({
      seconds: (Number(slice) + 0.5) * partSeconds,
      rate: count / partSeconds,
      p50: count > 0 ? values.med! : null,
      p99: count > 0 ? values['p(99)']! : null,
    });
  }
  for (const list of Object.values(parts)) list.sort((a, b) => a.seconds - b.seconds);
  return parts;
}
