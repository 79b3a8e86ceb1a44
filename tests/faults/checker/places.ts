import type { Message } from '../../../src/protocol/message.ts';
import type { Anomaly, AnomalyName } from './anomaly.ts';
import { keyOf, type Ledger } from './ledger.ts';

/** A number is of one message for ever, and there is one for each message: 1, 2, 3 … */
export function placeAnomalies(ledger: Ledger): Anomaly[] {
  return [...forks(ledger), ...told(ledger), ...gaps(ledger), ...recallAnomalies(ledger)];
}

/** Two who look at one place see the same message, whenever they look. */
function forks(ledger: Ledger): Anomaly[] {
  const { conversationId, places, finals, observations } = ledger;
  const anomalies: Anomaly[] = [];
  const compare = (message: Message, who: string) => {
    const place = places.get(message.seq)!;
    if (place.body === message || isSame(place.body, message)) return;
    const text = `number ${message.seq} is ${show(place.body)}, and ${who} has ${show(message)}`;
    anomalies.push({ name: 'inconsistent-offsets', conversationId, text });
  };
  for (const { reader, messages } of finals) {
    for (const message of messages) compare(message, `${reader}, at the end,`);
  }
  for (const { reader, via, message } of observations) compare(message, `${reader}, by ${via},`);
  return anomalies;
}

/** The number that a sender was told is where all find the message. */
function told({ conversationId, sends, places }: Ledger): Anomaly[] {
  return sends.flatMap(({ seq, senderId, msgId }): Anomaly[] => {
    if (seq === undefined) return [];
    const there = places.get(seq)?.sent.key;
    if (there === `${senderId} ${msgId}`) return [];
    const text = `${senderId} ${msgId} was said to be number ${seq}, which is ${there ?? 'nothing'}`;
    return [{ name: 'inconsistent-offsets', conversationId, text }];
  });
}

function gaps({ conversationId, ordered, finals }: Ledger): Anomaly[] {
  if (finals.length === 0) return [];
  let last = 0;
  return ordered.flatMap(({ seq }): Anomaly[] => {
    const expected = last + 1;
    last = seq;
    return seq === expected ? [] : [{ name: 'gap', conversationId, text: `${seq} follows ${expected - 1}` }];
  });
}

/** Withdrawn is what somebody withdrew, and in the end all of that is. */
function recallAnomalies({ conversationId, recalls, finals, observations }: Ledger): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const tell = (name: AnomalyName, text: string) => anomalies.push({ name, conversationId, text });
  const judge = (message: Message, who: string, inTheEnd: boolean) => {
    const tried = recalls.get(message.seq)?.map(({ outcome }) => outcome) ?? [];
    const what = `number ${message.seq} (${keyOf(message)})`;
    if (!message.recalled) {
      if (inTheEnd && tried.includes('answered'))
        tell('lost-write', `${who} has ${what} unrecalled, which was recalled`);
    } else if (tried.length === 0) tell('unexpected', `${who} has ${what} recalled, by nobody`);
    else if (tried.every((outcome) => outcome === 'refused'))
      tell('G1a', `${who} has ${what} recalled, which was refused`);
  };
  for (const { reader, messages } of finals) for (const message of messages) judge(message, reader, true);
  for (const { reader, message } of observations) judge(message, reader, false);
  return anomalies;
}

/** All of a message that never changes, but that its content may be withdrawn. */
function isSame(one: Message, other: Message): boolean {
  return (
    keyOf(one) === keyOf(other) &&
    one.msg_type === other.msg_type &&
    one.send_time === other.send_time &&
    one.client_time === other.client_time &&
    (one.content === other.content || one.recalled === true || other.recalled === true)
  );
}

function show({ sender_id, msg_id, content, send_time }: Message): string {
  return `${sender_id} ${msg_id} (${content.slice(0, 40)}) of ${send_time}`;
}
