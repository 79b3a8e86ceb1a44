import { createRandom } from '../seeded-random.ts';

/** A message of the plan: who says it where. Sent again it is the same message. */
export interface PlannedMessage {
  id: number;
  user: UserName;
  conversation: number;
}

export const USERS = ['ann', 'bob', 'cas'] as const;
export type UserName = (typeof USERS)[number];
/** The last one is removed from the group, where somebody is. */
export const REMOVED: UserName = 'cas';

/** What clients do, in this order. */
export type ClientEvent =
  | { do: 'send'; message: PlannedMessage }
  /** The same content under the same id. */
  | { do: 'send again'; message: PlannedMessage }
  /** Another content under the same id. */
  | { do: 'send otherwise'; message: PlannedMessage }
  | { do: 'recall'; message: PlannedMessage }
  | { do: 'reconnect'; user: UserName }
  | { do: 'remove' };

/** What a worker calls, and where gateways append. */
const PORTS = ['timeline', 'sequencer', 'inbox', 'registry', 'bus', 'append'] as const;
export type Port = (typeof PORTS)[number];

/** What goes wrong, in this order. */
export type Fault =
  | { fault: 'worker dies' }
  | { fault: 'gateway dies'; gateway: number }
  | { fault: 'partition moves'; partition: number }
  | { fault: 'offset is forgotten'; partition: number; count: number }
  | { fault: 'call fails'; port: Port }
  | { fault: 'answer is lost'; port: Port }
  | { fault: 'numbers are forgotten' }
  | { fault: 'numbers run back' }
  | { fault: 'numbers run ahead' }
  | { fault: 'inboxes are lost' }
  | { fault: 'routes are lost' }
  | { fault: 'feed breaks'; gateway: number };

/** All that happens from outside; with the seed, which decides on the order, it is a whole run. */
export interface Plan {
  seed: number;
  events: ClientEvent[];
  faults: Fault[];
}

/** A direct conversation, a group, and one more direct one. */
export const CONVERSATIONS: { members: readonly UserName[] }[] = [
  { members: ['ann', 'bob'] },
  { members: USERS },
  { members: ['bob', 'cas'] },
];

/** Groups have no inboxes by which a lost push is noticed. */
const GROUP = 1;
const GROUP_SHARE = 0.4;
const MESSAGES_MAX = 7;
const FAULTS_MAX = 7;

/** The plan that a seed makes. */
export function planOf(seed: number): Plan {
  const random = createRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const count = 1 + below(MESSAGES_MAX);
  const messages = Array.from({ length: count }, (_, id): PlannedMessage => {
    const conversation = random() < GROUP_SHARE ? GROUP : below(CONVERSATIONS.length);
    const { members } = CONVERSATIONS[conversation]!;
    return { id, user: members[below(members.length)]!, conversation };
  });
  const events: ClientEvent[] = messages.map((message) => ({ do: 'send', message }));
  const insert = (event: ClientEvent) => events.splice(1 + below(events.length), 0, event);
  const after = (message: PlannedMessage, what: 'send again' | 'send otherwise' | 'recall') => {
    const at = events.findIndex((event) => event.do === 'send' && event.message === message);
    const later = random() < 0.5 ? 0 : below(events.length - at);
    events.splice(at + 1 + later, 0, { do: what, message });
  };
  for (const message of messages) {
    if (random() < 0.35) after(message, 'send again');
    if (random() < 0.08) after(message, 'send otherwise');
    if (random() < 0.1) after(message, 'recall');
  }
  if (random() < 0.2) insert({ do: 'reconnect', user: USERS[below(USERS.length)]! });
  if (random() < 0.15) insert({ do: 'remove' });
  return { seed, events, faults: Array.from({ length: below(FAULTS_MAX + 1) }, () => drawFault(below)) };
}

function drawFault(below: (count: number) => number): Fault {
  const drawn: Fault[] = [
    { fault: 'worker dies' },
    { fault: 'worker dies' },
    { fault: 'partition moves', partition: below(2) },
    { fault: 'partition moves', partition: below(2) },
    { fault: 'offset is forgotten', partition: below(2), count: 1 + below(4) },
    { fault: 'call fails', port: PORTS[below(PORTS.length)]! },
    { fault: 'call fails', port: PORTS[below(PORTS.length)]! },
    { fault: 'answer is lost', port: PORTS[below(PORTS.length)]! },
    { fault: 'answer is lost', port: PORTS[below(PORTS.length)]! },
    { fault: 'gateway dies', gateway: below(2) },
    { fault: 'numbers are forgotten' },
    { fault: 'numbers run back' },
    { fault: 'numbers run ahead' },
    { fault: 'inboxes are lost' },
    { fault: 'routes are lost' },
    { fault: 'feed breaks', gateway: below(2) },
  ];
  return drawn[below(drawn.length)]!;
}
