import type { Message } from '../../../src/protocol/message.ts';
import type { FinalPull, History, Observation, Reader, Recall, Rejection, Send } from './history.ts';

/** A message, by its sender and msg_id, with every time that it was sent. */
export interface Sent {
  key: string;
  /** Those that may have had an effect, because they were not refused, the first one first. */
  attempts: Send[];
  refused: Send[];
  rejections: Rejection[];
  /** Where it was seen; in more than one place it is doubled. */
  places: Place[];
}

/** A number of a conversation, with the message that was first found there. */
export interface Place {
  conversationId: string;
  seq: number;
  message: Message;
  /** The same before it was recalled, where somebody saw that. */
  body: Message;
  sent: Sent;
  /** By a final pull. */
  stored: boolean;
  /** The earliest time at which some client knew that it was taken: answered, or seen. */
  knownAt: number;
}

/** All that a history has of one conversation. */
export interface Ledger {
  conversationId: string;
  sends: Send[];
  sent: Sent[];
  recalls: Map<number, Recall[]>;
  observations: Observation[];
  finals: FinalPull[];
  readers: Map<string, Reader>;
  places: Map<number, Place>;
  /** The places in order of seq. */
  ordered: Place[];
  healedAt: number;
}

export function keyOf(message: { sender_id: string; msg_id: string }): string {
  return `${message.sender_id} ${message.msg_id}`;
}

/** The history, sorted by conversation. */
export function ledgersOf(history: History): Ledger[] {
  const sentByKey = new Map<string, Sent>();
  const sentOf = (key: string): Sent => {
    const known = sentByKey.get(key);
    if (known) return known;
    const sent: Sent = { key, attempts: [], refused: [], rejections: [], places: [] };
    sentByKey.set(key, sent);
    return sent;
  };
  for (const send of history.sends) {
    const sent = sentOf(`${send.senderId} ${send.msgId}`);
    (send.outcome === 'refused' ? sent.refused : sent.attempts).push(send);
  }
  for (const rejection of history.rejections) {
    sentOf(`${rejection.senderId} ${rejection.msgId}`).rejections.push(rejection);
  }
  const ledgers = emptyLedgers(history);
  for (const sent of sentByKey.values()) {
    sent.attempts.sort((a, b) => a.invokedAt - b.invokedAt);
    const ids = new Set([...sent.attempts, ...sent.refused].map(({ conversationId }) => conversationId));
    for (const id of ids) ledgers.get(id)!.sent.push(sent);
  }
  for (const ledger of ledgers.values()) findPlaces(ledger, sentOf);
  return [...ledgers.values()];
}

function emptyLedgers(history: History): Map<string, Ledger> {
  const sends = Map.groupBy(history.sends, (send) => send.conversationId);
  const recalls = Map.groupBy(history.recalls, (recall) => recall.conversationId);
  const observations = Map.groupBy(history.observations, ({ message }) => message.conversation_id);
  const finals = Map.groupBy(history.finals, (pull) => pull.conversationId);
  const readers = Map.groupBy(history.readers, (reader) => reader.conversationId);
  const ids = new Set([sends, recalls, observations, finals, readers].flatMap((map) => [...map.keys()]));
  const ledgerOf = (conversationId: string): Ledger => ({
    conversationId,
    sends: sends.get(conversationId) ?? [],
    sent: [],
    recalls: Map.groupBy(recalls.get(conversationId) ?? [], ({ seq }) => seq),
    observations: observations.get(conversationId) ?? [],
    finals: finals.get(conversationId) ?? [],
    readers: new Map((readers.get(conversationId) ?? []).map((reader) => [reader.userId, reader])),
    places: new Map(),
    ordered: [],
    healedAt: history.healedAt ?? Number.NEGATIVE_INFINITY,
  });
  return new Map([...ids].map((id) => [id, ledgerOf(id)]));
}

/** What is pulled in the end stands before what was seen on the way. */
function findPlaces(ledger: Ledger, sentOf: (key: string) => Sent): void {
  const { conversationId, places } = ledger;
  const add = (message: Message, stored: boolean, at: number) => {
    const known = places.get(message.seq);
    if (known) {
      known.knownAt = Math.min(known.knownAt, at);
      if (known.body.recalled && !message.recalled && keyOf(message) === known.sent.key) known.body = message;
      return;
    }
    const sent = sentOf(keyOf(message));
    const place: Place = {
      conversationId,
      seq: message.seq,
      message,
      body: message,
      sent,
      stored,
      knownAt: at,
    };
    for (const { completedAt, outcome } of sent.attempts) {
      if (outcome === 'answered') place.knownAt = Math.min(place.knownAt, completedAt ?? at);
    }
    sent.places.push(place);
    places.set(message.seq, place);
  };
  for (const { messages } of ledger.finals) {
    for (const message of messages) add(message, true, Number.POSITIVE_INFINITY);
  }
  for (const { message, at } of ledger.observations) add(message, false, at);
  ledger.ordered = [...places.values()].sort((a, b) => a.seq - b.seq);
}
