import type { Options } from 'k6/options';
import { CLOSES, CODES } from '../../src/protocol/codes.ts';
import type { Settings } from './settings.ts';
import { SLICES } from './slices.ts';

/** For connections to come in before, and for pulls after. */
const AROUND_MS = 120_000;
const STATS = ['count', 'min', 'avg', 'med', 'p(90)', 'p(95)', 'p(99)', 'p(99.9)', 'max'];
/** Trends that the summary plots over time. */
const PLOTTED = ['im_sent_latency', 'im_delivered_latency'];

/** A close without a code of ours, a cut, and what gives up a connection here. */
const OTHER_CLOSES = [1000, 1001, 1006, 'silent'];

export type Thresholds = Record<string, string[]>;

/** `name` is the scenario's function: each VU runs it once. */
export function optionsOf(name: string, settings: Settings, thresholds: Thresholds): Options {
  const { vus, durationMs, settleMs } = settings;
  return {
    scenarios: {
      [name]: {
        executor: 'per-vu-iterations',
        exec: name,
        vus,
        iterations: 1,
        maxDuration: `${Math.ceil((durationMs + 2 * settleMs + AROUND_MS) / 1000)}s`,
      },
    },
    setupTimeout: '60s',
    summaryTrendStats: STATS,
    thresholds: { ...thresholds, ...slices(), ...byCode() },
  };
}

/** What holds whatever is torn down meanwhile. `im_settled` fails a run in which a VU did not get to its end. */
export function promise({ vus }: Settings): Thresholds {
  return {
    im_settled: [`count==${vus}`],
    im_expected: ['count>0'],
    ...none(
      'im_missing',
      'im_duplicates',
      'im_order_violations',
      'im_gaps',
      'im_unexpected',
      'im_unanswered',
    ),
  };
}

/** What holds besides where nothing is torn down. */
export function calm(): Thresholds {
  return none('im_missed_pushes', 'im_closes', 'im_connect_failures', 'im_refusals');
}

export function objectives({ sentP99Ms, deliveredP99Ms }: Settings): Thresholds {
  return {
    im_sent_latency: [`p(99)<${sentP99Ms}`],
    im_delivered_latency: [`p(99)<${deliveredP99Ms}`],
  };
}

function none(...metrics: string[]): Thresholds {
  return Object.fromEntries(metrics.map((metric) => [metric, ['count==0']]));
}

/** k6 keeps the parts of a metric only where a threshold names them: these two always hold. */
function slices(): Thresholds {
  const parts = Array.from({ length: SLICES }, (_, slice) => slice);
  return Object.fromEntries(
    PLOTTED.flatMap((metric) => parts.map((slice) => [`${metric}{slice:${slice}}`, ['max>=0']])),
  );
}

function byCode(): Thresholds {
  const refused = Object.values(CODES).map(({ code }) => `im_refusals{code:${code}}`);
  const closed = [...Object.values(CLOSES).map(({ code }) => code), ...OTHER_CLOSES].map(
    (code) => `im_closes{code:${code}}`,
  );
  return Object.fromEntries([...refused, ...closed].map((part) => [part, ['count>=0']]));
}
