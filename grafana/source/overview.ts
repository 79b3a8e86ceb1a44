import type { Dashboard } from './dashboard.ts';
import { one, quantiles, rate, shareBeyond } from './queries.ts';
import { oldestWaiting, storeErrors } from './shared-panels.ts';

/** Where somebody who was woken looks first. */
export const overview: Dashboard = {
  uid: 'overview',
  title: 'Overview',
  description: 'Can people talk, and where does it hurt? Each number leads on to a dashboard of its own.',
  rows: [
    {
      title: 'Can people talk?',
      panels: [
        {
          title: 'Answered within 20 ms',
          description:
            'Share of messages that were answered "sent" within 20 ms over the last 5 minutes, refused ones counted as late. The objective is 99 %.',
          unit: 'percentunit',
          kind: 'number',
          lowIsBad: true,
          warnAt: 0.99,
          badAt: 0.95,
          queries: one('1 - im:send_bad:ratio_rate5m'),
        },
        {
          title: 'Delivered within 100 ms',
          description:
            'Share of messages that reached the sockets of their receivers within 100 ms of their acceptance, over the last 5 minutes. The objective is 99 %. What is not delivered at all shows as waiting.',
          unit: 'percentunit',
          kind: 'number',
          lowIsBad: true,
          warnAt: 0.99,
          badAt: 0.95,
          queries: one('1 - im:delivery_bad:ratio_rate5m'),
        },
        { ...oldestWaiting, kind: 'number' },
        {
          title: 'Messages waiting',
          description: 'Messages in the log that no worker is done with.',
          unit: 'short',
          kind: 'number',
          warnAt: 1000,
          badAt: 10_000,
          queries: one('sum(max by (partition)(im_log_consumer_lag))'),
        },
        {
          title: 'Connections',
          description: 'Open WebSockets on all gateways.',
          unit: 'short',
          kind: 'number',
          queries: one('sum(im_gateway_connections)'),
        },
        {
          title: 'Messages a second',
          description: 'Messages that were answered "sent", a second.',
          unit: 'mps',
          kind: 'number',
          queries: one('sum(rate(im_gateway_send_duration_seconds_count[$__rate_interval]))'),
        },
      ],
    },
    {
      title: 'Traffic and errors',
      panels: [
        {
          title: 'Messages',
          description:
            'Messages answered, and what workers made of them. The lines of answered and stored lie on one another; a gap that lasts is a backlog.',
          unit: 'mps',
          queries: [
            ...one('sum(rate(im_gateway_send_duration_seconds_count[$__rate_interval]))', 'answered'),
            ...rate('im_worker_messages_total', 'outcome'),
          ],
        },
        {
          title: 'Refused packets',
          description:
            'Packets that were answered with a code other than 0. 503: a store or the log is away. 500: a fault of ours. 4xx: clients.',
          unit: 'ops',
          queries: one(
            'sum by (code)(rate(im_gateway_packets_total{code!="0"}[$__rate_interval])) or on() vector(0)',
            '{{code}}',
          ),
        },
        storeErrors,
      ],
    },
    {
      title: 'Latency and saturation',
      panels: [
        {
          title: 'Time to "sent"',
          description:
            'From a chat packet read to its answer written. The objective: 99 of 100 within 20 ms.',
          unit: 's',
          warnAt: 0.02,
          queries: quantiles('im_gateway_send_duration_seconds'),
        },
        {
          title: 'Time to delivery',
          description:
            "From acceptance to the receivers' sockets, by the clocks of the two gateways. The objective: 99 of 100 within 100 ms.",
          unit: 's',
          warnAt: 0.1,
          queries: quantiles('im_delivery_latency_seconds'),
        },
        {
          title: 'Event-loop lag',
          description:
            'How late the busiest process of each role comes to its work (p99). Beyond 100 ms it has more to do than one core can: add processes.',
          unit: 's',
          warnAt: 0.1,
          badAt: 0.25,
          queries: one(
            'max by (role)(nodejs_eventloop_lag_p99_seconds * on(job, instance) group_left(role) im_build_info)',
            '{{role}}',
          ),
        },
        {
          title: 'Late messages',
          description:
            'Shares of messages beyond the two objectives. 1 % uses up the error budget just as fast as it grows.',
          unit: 'percentunit',
          warnAt: 0.01,
          queries: [
            ...shareBeyond('im_gateway_send_duration_seconds', 0.02),
            ...shareBeyond('im_delivery_latency_seconds', 0.1),
          ],
        },
        {
          title: 'Processes',
          description: 'Processes by role and version. During a rollout there are two versions.',
          unit: 'short',
          queries: one('sum by (role, version)(im_build_info)', '{{role}} {{version}}'),
        },
        {
          title: 'CPU',
          description: 'Cores in use, by role. A process uses little more than one.',
          unit: 'short',
          queries: one(
            'sum by (role)(rate(process_cpu_seconds_total[$__rate_interval]) * on(job, instance) group_left(role) im_build_info)',
            '{{role}}',
          ),
        },
      ],
    },
  ],
};
