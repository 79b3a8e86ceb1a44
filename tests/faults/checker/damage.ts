import type { Message } from '../../../src/protocol/message.ts';
import type { AnomalyName } from './anomaly.ts';
import type { History, Send } from './history.ts';

/** One wrong done to a history, and what it is to be called. */
export interface Damage {
  what: string;
  name: AnomalyName;
  /** What may be said of it besides. */
  also?: AnomalyName[];
  /** Changes the history. */
  apply(history: History, random: () => number): void;
}

/** Long after everyone should have seen everything. */
const LATE_MS = 3_600_000;

/** What the whole server does wrong: everyone sees the same, with numbers that fit. */
const STORED: Damage[] = [
  {
    what: 'an answered message is dropped by everyone, and the numbers close up',
    name: 'lost-write',
    apply: (history, random) => {
      const victim = answered(history, random);
      restore(history, victim.conversation_id, (messages) => messages.filter(isNot(victim)));
    },
  },
  {
    what: 'an answered message is dropped by everyone, and leaves its number',
    name: 'gap',
    also: ['lost-write'],
    apply: (history, random) => {
      const victim = pick(history, random, ({ seq }) => seq === 1);
      everywhere(history, victim.conversation_id, (messages) => messages.filter(isNot(victim)));
    },
  },
  {
    what: 'a message is stored twice',
    name: 'duplicate',
    apply: (history, random) => {
      const victim = answered(history, random);
      restore(history, victim.conversation_id, (messages) =>
        messages.flatMap((each) => (isNot(victim)(each) ? [each] : [each, each])),
      );
    },
  },
  {
    what: 'a message that nobody sent is there',
    name: 'unexpected',
    apply: (history, random) => {
      const victim = answered(history, random);
      restore(history, victim.conversation_id, (messages) =>
        messages.flatMap((each) => (isNot(victim)(each) ? [each] : [each, { ...each, msg_id: 'invented' }])),
      );
    },
  },
  {
    what: 'a message has another content than was sent',
    name: 'unexpected',
    apply: (history, random) => {
      const victim = answered(history, random);
      everywhere(history, victim.conversation_id, (messages) =>
        messages.map((each) => (isNot(victim)(each) ? each : { ...each, content: 'other' })),
      );
    },
  },
  {
    what: 'a message has another sender',
    name: 'unexpected',
    also: ['lost-write'],
    apply: (history, random) => {
      const victim = answered(history, random);
      everywhere(history, victim.conversation_id, (messages) =>
        messages.map((each) => (isNot(victim)(each) ? each : { ...each, sender_id: 'zoe' })),
      );
    },
  },
  {
    what: 'a refused message is stored',
    name: 'G1a',
    apply: (history, random) => {
      const victim = answered(history, random);
      for (const send of sendsOf(history, victim)) send.outcome = 'refused';
    },
  },
  {
    what: 'a message stands before one that was answered before it was sent',
    name: 'G0-realtime',
    also: ['nonmonotonic-send'],
    apply: (history, random) => {
      const later = pick(history, random, (message) => earlierKnown(history, message) !== undefined);
      swap(history, later, earlierKnown(history, later)!);
    },
  },
  {
    what: 'two messages of one session are swapped',
    name: 'nonmonotonic-send',
    also: ['G0-realtime'],
    apply: (history, random) => {
      const later = pick(history, random, (message) => earlierOfSession(history, message) !== undefined);
      swap(history, later, earlierOfSession(history, later)!);
    },
  },
  {
    what: 'a message is recalled by nobody',
    name: 'unexpected',
    apply: (history, random) => {
      const victim = answered(history, random);
      everywhere(history, victim.conversation_id, (messages) =>
        messages.map((each) => (isNot(victim)(each) ? each : { ...each, content: '', recalled: true })),
      );
    },
  },
  {
    what: 'a recall is forgotten',
    name: 'lost-write',
    apply: (history, random) => {
      const { conversation_id: conversationId, seq } = answered(history, random);
      history.recalls.push({ conversationId, seq, invokedAt: 0, outcome: 'answered' });
    },
  },
];

/** What goes wrong for one reader alone. */
const SEEN: Damage[] = [
  {
    what: 'one member lacks a message in the end',
    name: 'disagreement',
    apply: (history, random) => {
      const pull = any(history.finals, random);
      pull.messages = pull.messages.toSpliced(Math.floor(random() * pull.messages.length), 1);
    },
  },
  {
    what: 'one member has the end in another order',
    name: 'nonmonotonic-poll',
    apply: (history, random) => {
      const { messages } = any(history.finals, random);
      const at = 1 + Math.floor(random() * (messages.length - 1));
      [messages[at - 1], messages[at]] = [messages[at]!, messages[at - 1]!];
    },
  },
  {
    what: 'one member has another message in a place in the end',
    name: 'inconsistent-offsets',
    also: ['lost-write', 'duplicate', 'unexpected'],
    apply: (history, random) => {
      const { messages } = any(history.finals, random);
      const at = Math.floor(random() * messages.length);
      const other = messages[(at + 1) % messages.length]!;
      messages[at] = { ...other, seq: messages[at]!.seq };
    },
  },
  {
    what: 'a place was another message when it was seen first',
    name: 'inconsistent-offsets',
    apply: (history, random) => {
      const seen = any(history.observations, random);
      seen.message = { ...seen.message, send_time: seen.message.send_time + 1 };
    },
  },
  {
    what: 'a sender is told another number',
    name: 'inconsistent-offsets',
    apply: (history, random) => {
      const send = any(
        history.sends.filter(({ seq }) => seq !== undefined),
        random,
      );
      send.seq! += 1;
    },
  },
  {
    what: 'a message was seen and is not there in the end',
    name: 'lost-write',
    apply: (history, random) => {
      const { conversationId, messages } = any(history.finals, random);
      const victim = messages.at(-1)!;
      for (const pull of history.finals) {
        if (pull.conversationId === conversationId) pull.messages = pull.messages.filter(isNot(victim));
      }
    },
  },
  {
    what: 'a reader never sees a message',
    name: 'unseen',
    also: ['poll-skip'],
    apply: (history, random) => {
      const { reader, message } = any(history.observations.filter(isLive(history)), random);
      history.observations = history.observations.filter(
        (seen) => seen.reader !== reader || isNot(message)(seen.message),
      );
    },
  },
  {
    what: 'a reader sees a message late',
    name: 'unseen',
    apply: (history, random) => {
      const { reader, message } = any(history.observations.filter(isLive(history)), random);
      for (const seen of history.observations) {
        if (seen.reader === reader && !isNot(message)(seen.message)) seen.at += LATE_MS;
      }
    },
  },
  {
    what: 'a feed leaves a message out',
    name: 'poll-skip',
    also: ['unseen'],
    apply: (history, random) => {
      const fed = history.observations.filter(({ via, message }) => via === 'feed' && message.seq > 1);
      const victim = any(
        fed.filter(({ message }) => fed.some(({ message: next }) => next.seq === message.seq + 1)),
        random,
      );
      history.observations = history.observations.filter((seen) => seen !== victim);
    },
  },
  {
    what: 'a feed hands a message out again',
    name: 'duplicate',
    apply: (history, random) => {
      const victim = any(
        history.observations.filter(({ via }) => via === 'feed'),
        random,
      );
      history.observations.splice(history.observations.indexOf(victim) + 1, 0, { ...victim });
    },
  },
  {
    what: 'somebody who was removed sees what is said',
    name: 'trespass',
    apply: (history, random) => {
      const { reader, message } = any(history.observations, random);
      const sent = Math.min(...sendsOf(history, message).map(({ invokedAt }) => invokedAt));
      for (const one of history.readers) if (one.userId === reader) one.removedAt = sent - 1;
    },
  },
];

export const DAMAGES: Damage[] = [...STORED, ...SEEN];

function any<T>(items: T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}

/** A stored message that fits, as the member who sees everything has it. */
function pick(history: History, random: () => number, fits: (message: Message) => boolean): Message {
  const whole = history.finals.filter(({ reader }) => reader === 'ann').flatMap(({ messages }) => messages);
  return any(whole.filter(fits), random);
}

/** Never recalled either, so that nothing else is to be said of it. */
function answered(history: History, random: () => number): Message {
  return pick(
    history,
    random,
    (message) => !message.recalled && sendsOf(history, message).some(({ outcome }) => outcome === 'answered'),
  );
}

function sendsOf({ sends }: History, { sender_id, msg_id }: Message): Send[] {
  return sends.filter(({ senderId, msgId }) => senderId === sender_id && msgId === msg_id);
}

/** One that was answered before any send of this one. */
function earlierKnown(history: History, message: Message): Message | undefined {
  const sentAt = Math.min(...sendsOf(history, message).map(({ invokedAt }) => invokedAt));
  return siblings(history, message.conversation_id).find((other) =>
    sendsOf(history, other).some(
      ({ outcome, completedAt }) => outcome === 'answered' && completedAt! < sentAt,
    ),
  );
}

/** One that the same session sent before, where each was sent once. */
function earlierOfSession(history: History, message: Message): Message | undefined {
  const [send, ...again] = sendsOf(history, message);
  if (again.length > 0) return undefined;
  return siblings(history, message.conversation_id).find((other) => {
    const [first, ...more] = sendsOf(history, other);
    return more.length === 0 && first!.session === send!.session && other.seq < message.seq;
  });
}

/** A conversation, as the first member has it in the end: from the beginning. */
function siblings({ finals }: History, id: string): Message[] {
  return finals.find(({ conversationId }) => conversationId === id)!.messages;
}

function isNot({ sender_id, msg_id }: Message): (message: Message) => boolean {
  return (message) => message.msg_id !== msg_id || message.sender_id !== sender_id;
}

function isLive({ readers }: History): (seen: { reader: string }) => boolean {
  const live = new Set(
    readers.filter((reader) => reader.liveSince !== undefined).map((reader) => reader.userId),
  );
  return ({ reader }) => live.has(reader);
}

/** The two change places, for everyone. */
function swap(history: History, one: Message, other: Message): void {
  const seqOf = (message: Message) => {
    if (!isNot(one)(message)) return other.seq;
    return isNot(other)(message) ? message.seq : one.seq;
  };
  everywhere(history, one.conversation_id, (messages) =>
    messages.map((each) => ({ ...each, seq: seqOf(each) })).sort((a, b) => a.seq - b.seq),
  );
}

/** Changes what is stored, and numbers it anew; nobody was told a number. */
function restore(history: History, conversationId: string, change: (messages: Message[]) => Message[]): void {
  everywhere(history, conversationId, (messages) =>
    change(messages).map((message, index) => ({ ...message, seq: index + 1 })),
  );
}

/**
 * Changes a conversation for all who read it from the beginning: what they saw, when all was said, is what they have in
 * the end. Nobody recalled anything, and no sender was told a number.
 */
function everywhere(
  history: History,
  conversationId: string,
  change: (messages: Message[]) => Message[],
): void {
  const isOther = (id: string) => id !== conversationId;
  const contents = new Map(history.sends.map((send) => [`${send.senderId} ${send.msgId}`, send.content]));
  const whole = siblings(history, conversationId).map(({ recalled, ...message }): Message => {
    return { ...message, content: contents.get(`${message.sender_id} ${message.msg_id}`)! };
  });
  const messages = change(whole);
  const readers = history.readers.filter(
    ({ liveSince, conversationId: id }) => liveSince !== undefined && !isOther(id),
  );
  const saidAt = Math.max(...history.sends.map(({ invokedAt, completedAt }) => completedAt ?? invokedAt));
  history.finals = history.finals.filter((pull) => isOther(pull.conversationId));
  history.observations = history.observations.filter(({ message }) => isOther(message.conversation_id));
  history.recalls = history.recalls.filter((recall) => isOther(recall.conversationId));
  for (const { userId: reader } of readers) {
    history.finals.push({ conversationId, reader, messages });
    for (const message of messages) history.observations.push({ reader, via: 'push', at: saidAt, message });
  }
  for (const send of history.sends) if (!isOther(send.conversationId)) delete send.seq;
}
