import type { Dashboard } from './dashboard.ts';
import { one, quantiles, rate } from './queries.ts';
import { appendTime, storeErrors } from './shared-panels.ts';

export const stores: Dashboard = {
  uid: 'stores',
  title: 'Stores',
  description: 'MySQL, Redis and Kafka as gateways and workers see them.',
  rows: [
    {
      title: 'In reach?',
      panels: [
        storeErrors,
        {
          title: 'Calls',
          description: 'Calls a second, by store.',
          unit: 'ops',
          queries: rate('im_store_command_duration_seconds_count', 'store'),
        },
        {
          title: 'Time of a call',
          description: 'By store, repeated attempts included (p99).',
          unit: 's',
          warnAt: 0.1,
          queries: quantiles('im_store_command_duration_seconds', 'store', [0.99]),
        },
      ],
    },
    {
      title: 'What is slow',
      panels: [
        {
          title: 'Slowest commands',
          description: 'The ten commands with the highest p99.',
          unit: 's',
          queries: one(
            'topk(10, histogram_quantile(0.99, sum by (le, store, command)(rate(im_store_command_duration_seconds_bucket[$__rate_interval]))))',
            '{{store}} {{command}}',
          ),
        },
        {
          title: 'Busiest commands',
          description: 'The ten commands that take most time, in seconds a second of all processes together.',
          unit: 'short',
          stacked: true,
          queries: one(
            'topk(10, sum by (store, command)(rate(im_store_command_duration_seconds_sum[$__rate_interval])))',
            '{{store}} {{command}}',
          ),
        },
        appendTime,
      ],
    },
    {
      title: 'Connections to MySQL',
      panels: [
        {
          title: 'Use of the pool',
          description:
            'Connections that are lent, as a share of those that the process may have. At 100 % calls wait.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          queries: one('im_store_pool_used / im_store_pool_size', '{{instance}}'),
        },
        {
          title: 'Waiting for a connection',
          description: 'Calls that wait for one to be given back. For longer than a moment: MySQL is slow.',
          unit: 'short',
          queries: one('im_store_pool_waiting', '{{instance}}'),
        },
      ],
    },
  ],
};
