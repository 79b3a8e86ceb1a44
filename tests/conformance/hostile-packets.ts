import type { TSchema } from 'typebox';
import {
  AckRequest,
  ChatRequest,
  HeartbeatRequest,
  LoginRequest,
  PullRequest,
  RecallRequest,
  SignalRequest,
} from '../../src/protocol/requests.ts';

type Random = () => number;
type Json = null | boolean | number | string | Json[] | { [field: string]: Json };
export type FuzzedPacket = {
  cmd?: Json;
  msg_id?: Json;
  seq?: Json;
  payload?: Json;
  [field: string]: Json | undefined;
};

/** What a client could know: names for the fields that hold one. */
export interface Known {
  conversationIds: string[];
  userIds: string[];
  epochs: string[];
  tokens: string[];
}

const REQUESTS: [cmd: number, schema: TSchema][] = [
  [0, HeartbeatRequest],
  [1, LoginRequest],
  [2, ChatRequest],
  [3, PullRequest],
  [4, AckRequest],
  [6, SignalRequest],
  [7, RecallRequest],
];

/** What means something to a store, a log, a terminal, a page or a parser, and nothing to the protocol. */
const TEXTS = [
  '',
  '*',
  'p2p:*',
  'p2p:*:*',
  'group_*',
  'group_%',
  'group__',
  'group_.',
  'group_..',
  'group_[a-z]',
  '{x}',
  'p2p:{a}:{b}',
  'group_{x}',
  'a:b',
  'p2p:a:b:c',
  '\r\n',
  'a\r\nSET x 1\r\n',
  '%',
  '_',
  '%00',
  '%s%n%d',
  '\u0000',
  'a\u0000b',
  '../../etc/passwd',
  '\\',
  '\'"`',
  "x' OR '1'='1",
  "'; DROP TABLE messages; --",
  '<script>alert(1)</script>',
  '$' + '{jndi:ldap://x}',
  '__proto__',
  'constructor',
  'toString',
  '\ud800',
  '\udfff\ud800',
  'ä',
  'é',
  '世界',
  '🌍',
  '\u202e\u200b\ufeff',
  '\u0001'.repeat(64),
  'x'.repeat(65),
  'x'.repeat(161),
  'x'.repeat(1000),
  'ä'.repeat(8193),
  'x'.repeat(16_385),
];
const NUMBERS = [
  -1,
  0,
  1,
  2,
  3,
  5,
  99,
  0.5,
  -2147483649,
  2147483648,
  4294967296,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  2 ** 63,
  2 ** 64,
  1e21,
  1e308,
  -1e308,
  5e-324,
];
const OTHERS: Json[] = [null, true, false, [], {}, [null], [[]], { x: 1 }, { length: 1e9 }, ['p2p:*'], [{}]];

/** Packets that a client may send, half of them damaged, as they follow from `random`. */
export function createPackets(random: Random, known: Known): () => FuzzedPacket {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const names: Record<string, readonly Json[]> = {
    conversation_id: known.conversationIds,
    to: known.userIds,
    user_ids: known.userIds,
    device_id: known.userIds,
    inbox: known.epochs,
    token: known.tokens,
  };

  function text({ minLength = 0, maxLength = 40 }: { minLength?: number; maxLength?: number }): string {
    const length = minLength + Math.floor(random() * Math.min(maxLength - minLength, 40));
    return Array.from({ length }, () => pick(['a', 'Z', '0', '.', '-'])).join('');
  }

  /** A value that fits the schema, by the name of its field where it is a name. */
  // biome-ignore lint/suspicious/noExplicitAny: a schema is any of the forms that this tells apart.
  function fitting(schema: any, field: string): Json {
    if (schema.anyOf) return fitting(pick(schema.anyOf), field);
    if ('const' in schema) return schema.const;
    switch (schema.type) {
      case 'object':
        return objectOf(schema);
      case 'array':
        return Array.from({ length: Math.floor(random() * 4) }, () => fitting(schema.items, field));
      case 'string':
        return names[field]
          ? pick(names[field])
          : text({ ...schema, minLength: schema.pattern ? 1 : schema.minLength });
      case 'integer':
        return (schema.minimum ?? 0) + Math.floor(random() * 6);
      case 'boolean':
        return random() < 0.5;
      default:
        return null;
    }
  }

  function objectOf(schema: { properties?: Record<string, object>; required?: string[] }): {
    [field: string]: Json;
  } {
    const fields = Object.entries(schema.properties ?? {}).filter(
      ([name]) => schema.required?.includes(name) || random() < 0.4,
    );
    return Object.fromEntries(fields.map(([name, inner]) => [name, fitting(inner, name)]));
  }

  function hostile(): Json {
    const kind = random();
    if (kind < 0.5) return pick(TEXTS);
    if (kind < 0.75) return pick(NUMBERS);
    return kind < 0.9 ? structuredClone(pick(OTHERS)) : pick(pick(Object.values(names)));
  }

  /** Does one wrong to a field, somewhere in the object. */
  function damage(object: { [field: string]: Json | undefined }): void {
    const field = pick([...Object.keys(object), 'extra', 'seq', 'payload', 'msg_id']);
    const inner = object[field];
    if (inner && typeof inner === 'object' && !Array.isArray(inner) && random() < 0.8) damage(inner);
    else if (Array.isArray(inner) && random() < 0.3) inner.push(hostile());
    else if (Array.isArray(inner) && random() < 0.5)
      inner.push(...Array(pick([1, 2, 300])).fill(pick(known.userIds)));
    else if (typeof inner === 'string' && random() < 0.3) object[field] = inner + pick(TEXTS);
    else if (random() < 0.15) delete object[field];
    else object[field] = hostile();
  }

  return () => {
    const [cmd, schema] = pick(REQUESTS);
    const packet: FuzzedPacket = {
      cmd,
      msg_id: `f-${Math.floor(random() * 2 ** 48)}`,
      ...objectOf(schema as object),
    };
    const wrongs = random() < 0.5 ? 0 : 1 + Math.floor(random() * 3);
    for (let done = 0; done < wrongs; done++) damage(packet);
    return packet;
  };
}
