import { directConversationId } from '../../../src/protocol/ids.ts';
import { CMD } from '../../../src/protocol/packets.ts';
import type { Row } from './plain-insert.ts';

/** A message on the bare way, as its front appends it to Kafka. */
export interface Chat {
  sender: string;
  receiver: string;
  msg_id: string;
  content: string;
  time: number;
}

/** What the back publishes, for the front to pass on. */
export interface BarePush {
  users: string[];
  frame: string;
}

/** With its place. */
export interface PlacedChat extends Chat {
  conversation: string;
  seq: number;
}

/** What the back does with the messages of a fetch. */
export type BareStore = (chats: Chat[]) => Promise<void>;

/** Tables, keys and the channel of a bare way; `name` is its own. */
export function namesOf(name: string) {
  return {
    messages: `${name}_message`,
    conversations: `${name}_conversation`,
    members: `${name}_member`,
    counter: (conversation: string) => `${name}:seq:${conversation}`,
    inbox: (user: string) => [
      `${name}:inbox:{${user}}`,
      `${name}:inbox:{${user}}:meta`,
      `${name}:inbox:{${user}}:newest`,
    ],
    routes: (user: string) => `${name}:conn:{${user}}`,
    channel: name,
  };
}

/** Gives each its number, and moves the heads. */
export function place(chats: Chat[], heads: Map<string, number>): PlacedChat[] {
  return chats.map((chat) => {
    const conversation = directConversationId(chat.sender, chat.receiver);
    const seq = (heads.get(conversation) ?? 0) + 1;
    heads.set(conversation, seq);
    return { ...chat, conversation, seq };
  });
}

export function rowOf({ conversation, seq, msg_id, sender, content, time }: PlacedChat): Row {
  return [conversation, seq, msg_id, sender, 1, content, time, null, time];
}

export function frameOf({ conversation, seq, sender, msg_id, content, time }: PlacedChat): string {
  const payload = {
    conversation_id: conversation,
    sender_id: sender,
    msg_type: 1,
    content,
    send_time: time,
  };
  return JSON.stringify({ cmd: CMD.chat, code: 0, msg_id, seq, payload });
}
