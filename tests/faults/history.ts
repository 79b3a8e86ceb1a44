import type { Message } from '../../src/protocol/message.ts';

/** A message that a client was told to send, and whether the server answered it. */
export interface SentMessage {
  conversationId: string;
  senderId: string;
  /** One run of one client: what it sends to a conversation is stored in this order. */
  session: string;
  msgId: string;
  content: string;
  answered: boolean;
  /** The number that its sender was told, if it was. */
  storedAs?: number;
}

/** A conversation as one reader has it: pulled page by page, or as it was handed out live. */
export interface Copy {
  conversationId: string;
  reader: string;
  messages: Message[];
}

export interface Run {
  /** In the order in which each session sent. */
  sent: SentMessage[];
  /** What every member of every conversation pulled in the end. */
  histories: Copy[];
  /** What clients that were there from the beginning to the end were handed, in the order in which they were. */
  delivered: Copy[];
}

/** Everything in a run that breaks a promise of the server, in words; empty where all are kept. */
export function faultsOf(run: Run): string[] {
  const sentTo = Map.groupBy(run.sent, (message) => message.conversationId);
  const historiesOf = Map.groupBy(run.histories, (copy) => copy.conversationId);
  const deliveredOf = Map.groupBy(run.delivered, (copy) => copy.conversationId);
  const ids = new Set([...sentTo.keys(), ...historiesOf.keys(), ...deliveredOf.keys()]);
  return [...ids].flatMap((id) => {
    const [reference, ...others] = historiesOf.get(id) ?? [];
    if (!reference) return [`${id}: nobody's history was pulled`];
    const sent = sentTo.get(id) ?? [];
    return [
      ...numberFaults(reference),
      ...countFaults(reference, sent),
      ...contentFaults(reference, sent),
      ...orderFaults(reference, sent),
      ...toldFaults(reference, sent),
      ...others.flatMap((copy) => differences('history', reference, copy)),
      ...(deliveredOf.get(id) ?? []).flatMap((copy) => differences('delivery', reference, copy)),
    ];
  });
}

/** Numbers are 1, 2, 3 … */
function numberFaults({ conversationId, messages }: Copy): string[] {
  const wrong = messages.findIndex((message, index) => message.seq !== index + 1);
  if (wrong < 0) return [];
  return [`${conversationId}: the message at place ${wrong + 1} has the number ${messages[wrong]?.seq}`];
}

/** What was answered is there once, everything else at most once. */
function countFaults({ conversationId, messages }: Copy, sent: SentMessage[]): string[] {
  const counts = new Map<string, number>();
  for (const message of messages) counts.set(keyOf(message), (counts.get(keyOf(message)) ?? 0) + 1);
  return sent.flatMap((message) => {
    const count = counts.get(`${message.senderId} ${message.msgId}`) ?? 0;
    if (count === 1 || (count === 0 && !message.answered)) return [];
    const kind = message.answered ? 'answered' : 'unanswered';
    return [`${conversationId}: ${describe(message)} was ${kind} and is stored ${count} times`];
  });
}

/** Nothing is there that nobody sent, and nothing is there otherwise than it was sent. */
function contentFaults({ conversationId, messages }: Copy, sent: SentMessage[]): string[] {
  const contents = new Map(sent.map((message) => [`${message.senderId} ${message.msgId}`, message.content]));
  return messages.flatMap((message) => {
    const content = contents.get(keyOf(message));
    const place = `${conversationId}: number ${message.seq}`;
    if (message.conversation_id !== conversationId) return [`${place} is of ${message.conversation_id}`];
    if (content === undefined) return [`${place} (${keyOf(message)}) was sent by nobody`];
    return content === message.content ? [] : [`${place} (${keyOf(message)}) has another content`];
  });
}

/** What one session sent is stored in that order. */
function orderFaults({ conversationId, messages }: Copy, sent: SentMessage[]): string[] {
  const seqs = new Map(messages.map((message) => [keyOf(message), message.seq]));
  const faults: string[] = [];
  const lastOf = new Map<string, { message: SentMessage; seq: number }>();
  for (const message of sent) {
    const seq = seqs.get(`${message.senderId} ${message.msgId}`);
    if (seq === undefined) continue;
    const last = lastOf.get(message.session);
    if (last && last.seq >= seq) {
      faults.push(
        `${conversationId}: ${describe(message)} was sent after ${describe(last.message)} and is stored before it`,
      );
    }
    lastOf.set(message.session, { message, seq });
  }
  return faults;
}

/** A number that a sender was told is the number under which all find the message. */
function toldFaults({ conversationId, messages }: Copy, sent: SentMessage[]): string[] {
  return sent.flatMap((message) => {
    if (message.storedAs === undefined) return [];
    const found = messages[message.storedAs - 1];
    if (found && keyOf(found) === `${message.senderId} ${message.msgId}`) return [];
    return [`${conversationId}: ${describe(message)} was said to be number ${message.storedAs}`];
  });
}

/** Where another copy says otherwise than the reference; the first place says it all. */
function differences(kind: 'history' | 'delivery', reference: Copy, copy: Copy): string[] {
  const length = Math.max(reference.messages.length, copy.messages.length);
  for (let index = 0; index < length; index++) {
    const here = identityOf(copy.messages[index]);
    const there = identityOf(reference.messages[index]);
    if (here === there) continue;
    const where = `${copy.conversationId}: ${kind} of ${copy.reader}, place ${index + 1}`;
    return [`${where} has ${here}; ${reference.reader} pulled ${there}`];
  }
  return [];
}

/** All of a message that never changes. */
function identityOf(message: Message | undefined): string {
  if (!message) return 'nothing';
  const { seq, msg_id, sender_id, msg_type, content, send_time, client_time } = message;
  return JSON.stringify([seq, sender_id, msg_id, msg_type, content, send_time, client_time]);
}

function keyOf(message: Message): string {
  return `${message.sender_id} ${message.msg_id}`;
}

function describe({ senderId, msgId, content }: SentMessage): string {
  return `${senderId} ${msgId} (${content.slice(0, 40)})`;
}
