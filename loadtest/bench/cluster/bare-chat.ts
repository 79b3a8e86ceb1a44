import { REDIS_KEYS } from '../../../src/adapters/redis/redis-keys.ts';
import type { StoredMessage } from '../../../src/ports/messages.ts';
import { CMD } from '../../../src/protocol/packets.ts';
import type { Row } from './plain-insert.ts';

/** A message on the bare way, as its front appends it to Kafka. */
export interface Chat {
  conversation: string;
  sender: string;
  receiver: string;
  msg_id: string;
  content: string;
  time: number;
}

/** With its place. */
export interface PlacedChat {
  receiver: string;
  message: StoredMessage;
}

/** What the back publishes, for the front to pass on. */
export interface BarePush {
  users: string[];
  frame: string;
}

/** What the back does with the messages of a fetch. */
export type BareStore = (chats: Chat[]) => Promise<void>;

export type BareNames = ReturnType<typeof namesOf>;

/** Tables, keys and the channel of a bare way; `name` is its own. */
export function namesOf(name: string) {
  const user = (userId: string) => `${name}:${userId}`;
  return {
    messages: `${name}_message`,
    conversations: `${name}_conversation`,
    members: `${name}_member`,
    counter: (conversation: string) => REDIS_KEYS.seq(`${name}:${conversation}`),
    /** As which a user has an inbox and routes. */
    user,
    routes: (userId: string) => REDIS_KEYS.conn(user(userId)),
    channel: name,
  };
}

/** Gives each its number, and moves the heads. */
export function place(chats: Chat[], heads: Map<string, number>): PlacedChat[] {
  return chats.map(({ conversation, sender, receiver, msg_id, content, time }) => {
    const seq = (heads.get(conversation) ?? 0) + 1;
    heads.set(conversation, seq);
    const message: StoredMessage = {
      conversation_id: conversation,
      seq,
      msg_id,
      sender_id: sender,
      msg_type: 1,
      content,
      send_time: time,
      client_time: null,
      recalled_at: null,
      content_digest: null,
    };
    return { receiver, message };
  });
}

export function rowOf({ message }: PlacedChat): Row {
  const { conversation_id, seq, msg_id, sender_id, msg_type, content, send_time, client_time } = message;
  return [conversation_id, seq, msg_id, sender_id, msg_type, content, send_time, client_time, send_time];
}

export function frameOf(message: StoredMessage): string {
  const { conversation_id, seq, msg_id, sender_id, msg_type, content, send_time } = message;
  const payload = { conversation_id, sender_id, msg_type, content, send_time };
  return JSON.stringify({ cmd: CMD.chat, code: 0, msg_id, seq, payload });
}
