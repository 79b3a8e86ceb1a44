import type { Message } from '../../../src/protocol/message.ts';
import {
  emptyHistory,
  type FinalPull,
  type History,
  type Observation,
  type Reader,
  type Send,
} from './history.ts';

export interface SampleSize {
  conversations: number;
  /** In each conversation. */
  messages: number;
}

const MEMBERS = ['ann', 'bob', 'cas', 'dan'];
/** Joins when a quarter is said, and sees what follows. */
const LATE = 'eve';
const PAUSE_MS_MAX = 20;
/** From a send to its effect, from there to its answer, and to each who sees it, at most. */
const STEP_MS_MAX = 100;

type Random = () => number;

/** A history that keeps every promise, with all that is allowed: resends, refusals, pushes again and out of order. */
export function sampleHistory(random: Random, { conversations, messages }: SampleSize): History {
  const history = emptyHistory();
  for (let number = 1; number <= conversations; number++) talk(history, random, `group_${number}`, messages);
  history.healedAt = Math.max(...history.sends.map(({ invokedAt }) => invokedAt)) / 2;
  return history;
}

function talk(history: History, random: Random, conversationId: string, messages: number): void {
  const stored = store(history, random, conversationId, messages);
  const joinSeq = Math.floor(messages / 4);
  const readers: Reader[] = MEMBERS.map((userId) => ({ userId, conversationId, liveSince: 0 }));
  readers.push({ userId: LATE, conversationId, afterSeq: joinSeq });
  history.readers.push(...readers);
  recallSome(history, random, stored);
  for (const { userId, afterSeq = 0 } of readers) {
    const visible = stored.filter(({ message }) => message.seq > afterSeq);
    // One has an app made with the SDK; the others read frames as they come.
    const seen = userId === MEMBERS[0] ? feed(visible, userId, random) : pushes(visible, userId, random);
    for (const one of seen) history.observations.push(one);
    history.finals.push(pullOf(conversationId, userId, visible));
  }
}

interface Stored {
  message: Message;
  /** When the log took it. */
  at: number;
  /** As it is in the end. */
  final: Message;
}

/** What is sent, and what of it is stored. */
function store(history: History, random: Random, conversationId: string, messages: number): Stored[] {
  const taken: { send: Send; at: number }[] = [];
  const lastEffect = new Map<string, number>();
  let now = 0;
  for (let number = 1; taken.length < messages; number++) {
    now += random() * PAUSE_MS_MAX;
    const senderId = MEMBERS[Math.floor(random() * MEMBERS.length)]!;
    const session = `${senderId}-${Math.floor((4 * taken.length) / messages)}`;
    // What a session sends takes effect in that order, and nothing waits for an answer.
    const at = Math.max(now + random() * STEP_MS_MAX, lastEffect.get(session) ?? 0);
    lastEffect.set(session, at);
    const send: Send = {
      conversationId,
      senderId,
      session,
      msgId: `${conversationId}-${number}`,
      content: `text ${number}`,
      invokedAt: now,
      outcome: 'answered',
      completedAt: at + random() * STEP_MS_MAX,
    };
    history.sends.push(send);
    if (takesEffect(history, random, send)) taken.push({ send, at });
  }
  return taken
    .sort((a, b) => a.at - b.at)
    .map(({ send, at }, index) => {
      if (send.outcome === 'answered' && random() < 0.5) send.seq = index + 1;
      const message = messageOf(send, index + 1, at);
      return { message, at, final: message };
    });
}

/** Most are answered; some are refused, some are never answered, with or without effect, and some are sent again. */
function takesEffect(history: History, random: Random, send: Send): boolean {
  const lot = random();
  if (lot < 0.05) {
    send.outcome = 'refused';
    return false;
  }
  if (lot > 0.15) return true;
  send.outcome = 'unknown';
  delete send.completedAt;
  if (lot < 0.1) return lot < 0.07;
  const again = send.invokedAt + 2 * STEP_MS_MAX;
  history.sends.push({
    ...send,
    session: `${send.session}-again`,
    invokedAt: again,
    outcome: 'answered',
    completedAt: again + STEP_MS_MAX,
  });
  return true;
}

function messageOf(send: Send, seq: number, at: number): Message {
  return {
    conversation_id: send.conversationId,
    seq,
    msg_id: send.msgId,
    sender_id: send.senderId,
    msg_type: 1,
    content: send.content,
    send_time: Math.floor(at),
    status: 0,
  };
}

/** One in thirty is withdrawn, after it was seen. */
function recallSome({ recalls }: History, random: Random, stored: Stored[]): void {
  for (const one of stored) {
    if (random() > 1 / 30) continue;
    const { conversation_id: conversationId, seq } = one.message;
    recalls.push({ conversationId, seq, invokedAt: one.at + STEP_MS_MAX, outcome: 'answered' });
    one.final = { ...one.message, content: '', recalled: true };
  }
}

/** In order, each once. */
function feed(visible: Stored[], reader: string, random: Random): Observation[] {
  let now = 0;
  return visible.map(({ message, at }) => {
    now = Math.max(now, at + random() * STEP_MS_MAX);
    return { reader, via: 'feed', at: now, message };
  });
}

/** As they arrive; some again, and some only by a pull. */
function pushes(visible: Stored[], reader: string, random: Random): Observation[] {
  const seen: Observation[] = [];
  for (const { message, at } of visible) {
    const arrives = () => at + random() * STEP_MS_MAX;
    const via = random() < 0.1 ? 'pull' : 'push';
    seen.push({ reader, via, at: arrives(), message });
    if (random() < 0.1) seen.push({ reader, via: 'push', at: arrives(), message });
  }
  return seen.sort((a, b) => a.at - b.at);
}

function pullOf(conversationId: string, reader: string, visible: Stored[]): FinalPull {
  return { conversationId, reader, messages: visible.map(({ final }) => final) };
}
