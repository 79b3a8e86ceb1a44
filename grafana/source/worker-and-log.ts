import type { Dashboard } from './dashboard.ts';
import { mean, one, quantiles, rate } from './queries.ts';
import { oldestWaiting, stageTime } from './shared-panels.ts';

export const workerAndLog: Dashboard = {
  uid: 'worker-and-log',
  title: 'Worker and log',
  description:
    'From the log to the stores and on to the gateways: what waits, what is slow, what was given up.',
  rows: [
    {
      title: 'What waits',
      panels: [
        {
          title: 'Messages waiting',
          description:
            'Events that no worker is done with, by partition. One partition alone: one event is stuck there, or one conversation is very busy.',
          unit: 'short',
          queries: one('max by (partition)(im_log_consumer_lag)', '{{partition}}'),
        },
        oldestWaiting,
        {
          title: 'In and out',
          description:
            'Messages that gateways append, and those that workers finish. Out below in: the backlog grows.',
          unit: 'mps',
          queries: [
            ...one('sum(rate(im_log_append_duration_seconds_count[$__rate_interval]))', 'in'),
            ...one('sum(rate(im_worker_messages_total[$__rate_interval]))', 'out'),
          ],
        },
      ],
    },
    {
      title: 'Work',
      panels: [
        {
          title: 'Messages by outcome',
          description:
            'stored: new. duplicate: sent or handed out again. rejected: its sender may not send it any more, or used its id before.',
          unit: 'mps',
          queries: rate('im_worker_messages_total', 'outcome'),
        },
        stageTime,
        {
          title: 'Share of stages',
          description: 'Where workers spend their time, in seconds a second of all workers together.',
          unit: 'short',
          stacked: true,
          queries: one(
            'sum by (stage)(rate(im_worker_stage_duration_seconds_sum{stage!="sequence"}[$__rate_interval]))',
            '{{stage}}',
          ),
        },
        {
          title: 'Events in a batch',
          description:
            'It grows with the load and with what waits; at most 500, or 2,000 in one process with everything.',
          unit: 'short',
          queries: [...mean('im_worker_batch_size'), ...quantiles('im_worker_batch_size', '', [0.99])],
        },
      ],
    },
    {
      title: 'What went wrong',
      panels: [
        {
          title: 'Tried again',
          description:
            'Batches that came again because a store was out of reach or another worker was faster. None is good; some follow each rebalance.',
          unit: 'ops',
          queries: rate('im_worker_retries_total', 'stage'),
        },
        {
          title: 'Dead letters',
          description:
            'Events that were given up in the 15 minutes before. failed, bad_event: look at them, see the runbook. conflict, forbidden: a client was told.',
          unit: 'short',
          queries: one('sum by (reason)(increase(im_worker_dead_letters_total[15m]))', '{{reason}}'),
        },
        {
          title: 'Counters set anew',
          description:
            'Counters in Redis that disagreed with MySQL and were set from it. Many at once: Redis has lost its memory.',
          unit: 'ops',
          queries: rate('im_worker_reseeds_total'),
        },
      ],
    },
  ],
};
