import type { Dashboard } from './dashboard.ts';
import { one, quantiles, rate } from './queries.ts';
import { appendTime, oldestWaiting, refusedAppends, stageTime } from './shared-panels.ts';

/** Of an objective: the share of bad events is recorded as `im:<name>_bad:ratio_rate<window>`. */
interface Objective {
  uid: string;
  title: string;
  name: string;
  histogram: string;
  seconds: number;
  sentence: string;
  /** What of its way to look at next. */
  parts: Dashboard['rows'][number];
}

/** 1 % may be late; see `grafana/alerts/`. */
const BUDGET = 0.01;
const WINDOWS = ['5m', '30m', '1h', '6h', '3d'];

export const objectiveSent: Dashboard = objective({
  uid: 'objective-sent',
  title: 'Objective: sent',
  name: 'send',
  histogram: 'im_gateway_send_duration_seconds',
  seconds: 0.02,
  sentence: '99 of 100 messages are answered "sent" within 20 ms. One that the log refused counts as late.',
  parts: {
    title: 'Where the time goes',
    panels: [
      appendTime,
      refusedAppends,
      {
        title: 'Event-loop lag of gateways',
        description: 'p99; a gateway that comes late to its work answers late.',
        unit: 's',
        warnAt: 0.1,
        queries: one(
          'nodejs_eventloop_lag_p99_seconds and on(job, instance) im_gateway_connections',
          '{{instance}}',
        ),
      },
      {
        title: 'CPU of gateways',
        description:
          'Cores in use. Near one, or at the limit of its container, all that a gateway does is late: the appends above too.',
        unit: 'short',
        queries: one(
          'rate(process_cpu_seconds_total[$__rate_interval]) and on(job, instance) im_gateway_connections',
          '{{instance}}',
        ),
      },
    ],
  },
});

export const objectiveDelivered: Dashboard = objective({
  uid: 'objective-delivered',
  title: 'Objective: delivered',
  name: 'delivery',
  histogram: 'im_delivery_latency_seconds',
  seconds: 0.1,
  sentence:
    "99 of 100 messages reach their receivers' sockets within 100 ms of their acceptance. What is not delivered yet is not counted: see what waits.",
  parts: {
    title: 'Where the time goes',
    panels: [
      oldestWaiting,
      stageTime,
      {
        title: 'Clocks apart',
        description:
          'Deliveries that came before their acceptance, by the clocks of the two gateways: their latency counts as 0. Any at all: see to NTP, for the latencies above are as wrong as the clocks.',
        unit: 'ops',
        queries: rate('im_delivery_clock_skew_total', 'instance'),
      },
    ],
  },
});

function objective({ uid, title, name, histogram, seconds, sentence, parts }: Objective): Dashboard {
  const bad = (window: string) => `im:${name}_bad:ratio_rate${window}`;
  return {
    uid,
    title,
    description: sentence,
    rows: [
      {
        title: sentence,
        panels: [
          {
            title: 'Error budget left',
            description:
              'Of what may be late in 3 days, the share that is left. Below 0 the objective is missed.',
            unit: 'percentunit',
            kind: 'number',
            lowIsBad: true,
            warnAt: 0.5,
            badAt: 0,
            queries: one(`1 - ${bad('3d')} / ${BUDGET}`),
          },
          ...WINDOWS.map((window) => ({
            title: `Burn rate, ${window}`,
            description:
              'How many times faster than it grows the budget is used up. 1 uses it up exactly; 14.4 over an hour wakes somebody.',
            unit: 'none' as const,
            kind: 'number' as const,
            warnAt: 1,
            badAt: 6,
            queries: one(`${bad(window)} / ${BUDGET}`),
          })),
        ],
      },
      {
        title: 'Over time',
        panels: [
          {
            title: 'Late',
            description: 'Share of bad events over 5 minutes and over an hour; the line is the budget.',
            unit: 'percentunit',
            warnAt: BUDGET,
            queries: [...one(bad('5m'), '5m'), ...one(bad('1h'), '1h')],
          },
          {
            title: 'Latency',
            description: `Median, 95th and 99th percentile; the line is the objective, ${seconds * 1000} ms.`,
            unit: 's',
            warnAt: seconds,
            queries: quantiles(histogram, '', [0.5, 0.95, 0.99]),
          },
          {
            title: 'Events',
            description: 'How many there are: of few, one alone is a large share.',
            unit: 'ops',
            queries: rate(`${histogram}_count`),
          },
        ],
      },
      parts,
    ],
  };
}
