import type { Panel } from './dashboard.ts';
import { one, quantiles, rate } from './queries.ts';

/** Panels that more than one dashboard has, each the same everywhere. */

export const oldestWaiting: Panel = {
  title: 'Oldest message waiting',
  description:
    'Age of the oldest message that was answered "sent" and is not stored and pushed yet. Near 0 is good; it grows by a second a second while nothing is delivered.',
  unit: 's',
  warnAt: 5,
  badAt: 30,
  queries: one('max(im_log_oldest_age_seconds)', 'oldest'),
};

export const appendTime: Panel = {
  title: 'Time of an append',
  description:
    'Until the log, with all its in-sync replicas, made a message durable: nearly all of the time to "sent".',
  unit: 's',
  warnAt: 0.02,
  queries: quantiles('im_log_append_duration_seconds'),
};

export const refusedAppends: Panel = {
  title: 'Refused appends',
  description: 'Messages that the log did not take: their clients heard 503 and try again.',
  unit: 'ops',
  queries: rate('im_log_append_errors_total', 'instance'),
};

export const stageTime: Panel = {
  title: 'Time by stage',
  description:
    'Time of a stage of the worker for one batch (p99). dedup and store ask MySQL, sequence, inbox and push ask Redis; store holds sequence.',
  unit: 's',
  queries: quantiles('im_worker_stage_duration_seconds', 'stage', [0.99]),
};

export const storeErrors: Panel = {
  title: 'Store errors',
  description:
    'Calls to stores that failed. unavailable: out of reach or too slow. fault: refused, which is a fault of ours. None is good.',
  unit: 'ops',
  queries: one(
    'sum by (store, reason)(rate(im_store_errors_total[$__rate_interval]))',
    '{{store}} {{reason}}',
  ),
};
