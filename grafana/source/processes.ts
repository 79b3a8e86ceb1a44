import type { Dashboard } from './dashboard.ts';
import { one } from './queries.ts';

const each = (metric: string) => one(metric, '{{instance}}');
const named = (metric: string, name: string) => one(metric, `${name} {{instance}}`);

export const processes: Dashboard = {
  uid: 'processes',
  title: 'Processes',
  description: 'Node.js and the operating system: event loop, memory, garbage collection, files.',
  rows: [
    {
      title: 'Event loop',
      panels: [
        {
          title: 'Lag, p99',
          description: 'How late timers run. Beyond 100 ms the process has more to do than one core can.',
          unit: 's',
          warnAt: 0.1,
          badAt: 0.25,
          queries: each('nodejs_eventloop_lag_p99_seconds'),
        },
        {
          title: 'Lag, usual',
          description: 'Median, 90th percentile and mean of the same.',
          unit: 's',
          queries: [
            ...named('nodejs_eventloop_lag_p50_seconds', 'p50'),
            ...named('nodejs_eventloop_lag_p90_seconds', 'p90'),
            ...named('nodejs_eventloop_lag_mean_seconds', 'mean'),
          ],
        },
        {
          title: 'Lag, extremes',
          description:
            'Now, least, greatest, and how far they lie apart. One long turn shows in the greatest alone.',
          unit: 's',
          queries: [
            ...named('nodejs_eventloop_lag_seconds', 'now'),
            ...named('nodejs_eventloop_lag_min_seconds', 'min'),
            ...named('nodejs_eventloop_lag_max_seconds', 'max'),
            ...named('nodejs_eventloop_lag_stddev_seconds', 'stddev'),
          ],
        },
        {
          title: 'CPU',
          description: 'Cores in use by each process, and how much of it the program and the kernel took.',
          unit: 'short',
          queries: [
            ...named('rate(process_cpu_seconds_total[$__rate_interval])', 'all'),
            ...named('rate(process_cpu_user_seconds_total[$__rate_interval])', 'user'),
            ...named('rate(process_cpu_system_seconds_total[$__rate_interval])', 'system'),
          ],
        },
        {
          title: 'Garbage collection',
          description: 'Share of time that collections take, by kind. Beyond 5 % memory is short.',
          unit: 'percentunit',
          queries: one(
            'sum by (instance, kind)(rate(nodejs_gc_duration_seconds_sum[$__rate_interval]))',
            '{{kind}} {{instance}}',
          ),
        },
      ],
    },
    {
      title: 'Memory',
      panels: [
        {
          title: 'Resident',
          description: 'Memory that the process holds. Growth that never ends is a leak.',
          unit: 'bytes',
          queries: each('process_resident_memory_bytes'),
        },
        {
          title: 'Heap',
          description: 'What JavaScript uses, what it has, and what buffers hold outside of it.',
          unit: 'bytes',
          queries: [
            ...named('nodejs_heap_size_used_bytes', 'used'),
            ...named('nodejs_heap_size_total_bytes', 'total'),
            ...named('nodejs_external_memory_bytes', 'external'),
          ],
        },
        {
          title: 'Heap spaces',
          description: 'The heap by its spaces: used, total and available.',
          unit: 'bytes',
          queries: [
            ...one('sum by (space)(nodejs_heap_space_size_used_bytes)', 'used {{space}}'),
            ...one('sum by (space)(nodejs_heap_space_size_total_bytes)', 'total {{space}}'),
            ...one('sum by (space)(nodejs_heap_space_size_available_bytes)', 'available {{space}}'),
          ],
        },
        {
          title: 'Address space',
          description: 'Virtual memory and the data segment; of interest only beside the resident memory.',
          unit: 'bytes',
          queries: [
            ...named('process_virtual_memory_bytes', 'virtual'),
            ...named('process_heap_bytes', 'data'),
          ],
        },
      ],
    },
    {
      title: 'Files and handles',
      panels: [
        {
          title: 'Open files',
          description: 'Open files and sockets as a share of what the process may have. Each client is one.',
          unit: 'percentunit',
          warnAt: 0.8,
          min: 0,
          max: 1,
          queries: each('process_open_fds / process_max_fds'),
        },
        {
          title: 'Active resources',
          description: 'What keeps the event loop busy, by type.',
          unit: 'short',
          queries: [
            ...one('sum by (type)(nodejs_active_resources)', '{{type}}'),
            ...one('sum by (type)(nodejs_active_handles)', 'handles {{type}}'),
            ...one('sum by (type)(nodejs_active_requests) or on() vector(0)', 'requests {{type}}'),
          ],
        },
        {
          title: 'Active resources by process',
          description: 'The same, of all types.',
          unit: 'short',
          queries: [
            ...named('nodejs_active_resources_total', 'resources'),
            ...named('nodejs_active_handles_total', 'handles'),
            ...named('nodejs_active_requests_total', 'requests'),
          ],
        },
        {
          title: 'Running since',
          description: 'A line that jumps is a process that started again.',
          unit: 's',
          queries: each('time() - process_start_time_seconds'),
        },
        {
          title: 'Node.js',
          description: 'Processes by version of Node.js.',
          unit: 'short',
          queries: one('sum by (version)(nodejs_version_info)', '{{version}}'),
        },
      ],
    },
  ],
};
