import type { Dashboard } from './dashboard.ts';
import { mean, one, quantiles, rate } from './queries.ts';
import { appendTime, refusedAppends } from './shared-panels.ts';

export const gateway: Dashboard = {
  uid: 'gateway',
  title: 'Gateway',
  description: "Clients' connections, what they ask, and what is pushed to them.",
  rows: [
    {
      title: 'Connections',
      panels: [
        {
          title: 'Connections by gateway',
          description:
            'Open WebSockets. Gateways hold about the same; after a rollout the younger ones fill slowly.',
          unit: 'short',
          queries: one('im_gateway_connections', '{{instance}}'),
        },
        {
          title: 'Logins',
          description: 'Logins by outcome. Many unauthenticated: expired tokens, or keys that were rotated.',
          unit: 'ops',
          queries: rate('im_gateway_logins_total', 'result'),
        },
        {
          title: 'Closes',
          description:
            'Connections that ended, by close code: 1012 drained, 4401 token, 4408 silent, 4409 taken over, 4413 slow reader, 4429 flood.',
          unit: 'cps',
          queries: rate('im_gateway_closes_total', 'code'),
        },
        {
          title: 'Waiting for slow readers',
          description:
            'Bytes in the outboxes of all clients of a gateway. One client holds at most 1 MiB, and is then closed.',
          unit: 'bytes',
          queries: one('im_gateway_outbox_bytes', '{{instance}}'),
        },
        {
          title: 'Still to be drained',
          description: 'Connections that a stopping gateway has yet to close. It falls to 0 within DRAIN_MS.',
          unit: 'short',
          queries: one('im_gateway_drain_remaining', '{{instance}}'),
        },
      ],
    },
    {
      title: 'What clients ask',
      panels: [
        {
          title: 'Packets',
          description:
            'Packets by command: 0 heartbeat, 1 login, 2 chat, 3 pull, 4 ack, 6 signal, 7 recall, -1 none that a client sends.',
          unit: 'ops',
          queries: rate('im_gateway_packets_total', 'cmd'),
        },
        {
          title: 'Answers',
          description: 'Packets by code of the answer; 0 is good.',
          unit: 'ops',
          queries: rate('im_gateway_packets_total', 'code'),
        },
        {
          title: 'Pushed frames',
          description:
            'Messages and events that were written without being asked for, one for each connection.',
          unit: 'ops',
          queries: rate('im_gateway_push_frames_total', 'instance'),
        },
        {
          title: 'Messages left to be pulled',
          description:
            'Messages to large groups that were not pushed because too many waited; clients see the hole and pull. 0 is good.',
          unit: 'mps',
          queries: rate('im_gateway_group_pushes_skipped_total', 'instance'),
        },
        {
          title: 'Time of a pull',
          description: 'How long clients wait for a page, by kind (p99).',
          unit: 's',
          queries: quantiles('im_pull_duration_seconds', 'kind', [0.99]),
        },
        {
          title: 'Pulled messages',
          description: 'Messages that pulls gave, by kind. A peak follows each reconnect of many clients.',
          unit: 'mps',
          queries: rate('im_pull_messages_total', 'kind'),
        },
      ],
    },
    {
      title: 'Into the log',
      panels: [
        appendTime,
        refusedAppends,
        {
          title: 'Events in a write',
          description:
            'Events that one write to the log carries. It grows with the load, and keeps the latency low.',
          unit: 'short',
          queries: mean('im_log_append_batch_size'),
        },
      ],
    },
  ],
};
