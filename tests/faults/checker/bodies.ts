import type { Message } from '../../../src/protocol/message.ts';
import type { Anomaly } from './anomaly.ts';
import type { Send } from './history.ts';
import type { Ledger, Place, Sent } from './ledger.ts';

/** Messages that are there and ought not to be, or the other way round. */
export function bodyAnomalies(ledger: Ledger): Anomaly[] {
  const { conversationId } = ledger;
  if (ledger.finals.length === 0) {
    if (ledger.sends.length + ledger.observations.length === 0) return [];
    return [{ name: 'disagreement', conversationId, text: 'nobody pulled the conversation in the end' }];
  }
  return [
    ...ledger.sent.flatMap((sent) => lost(ledger, sent)),
    ...ledger.sent.flatMap((sent) => doubled(conversationId, sent)),
    ...ledger.ordered.flatMap((place) => [...gone(place), ...uncalledFor(ledger, place)]),
  ];
}

/** Answered, and nowhere. Who may have been refused later need not have heard of it: events come at most once. */
function lost({ conversationId, readers }: Ledger, sent: Sent): Anomaly[] {
  const answered = sent.attempts.find(({ outcome }) => outcome === 'answered');
  if (answered?.conversationId !== conversationId || sent.places.length > 0) return [];
  const [rejection] = sent.rejections;
  const forbidden = !rejection || sent.rejections.some(({ code }) => code === 403);
  if (forbidden && readers.get(answered.senderId)?.mayBeForbidden) return [];
  const told = rejection ? ` and rejected with ${rejection.code}, which nothing explains,` : '';
  const text = `${describe(answered)} was answered${told} and is not stored`;
  return [{ name: 'lost-write', conversationId, text }];
}

/** Told once, for the conversation of its first place. */
function doubled(conversationId: string, { key, places }: Sent): Anomaly[] {
  if (places.length < 2 || places[0]!.conversationId !== conversationId) return [];
  const where = places.map((place) => `${place.conversationId} ${place.seq}`).join(', ');
  return [{ name: 'duplicate', conversationId, text: `${key} is in ${places.length} places: ${where}` }];
}

/** Seen by somebody, and not there in the end. */
function gone({ conversationId, seq, stored, sent }: Place): Anomaly[] {
  if (stored) return [];
  return [
    { name: 'lost-write', conversationId, text: `number ${seq} (${sent.key}) was seen and is not stored` },
  ];
}

function uncalledFor(ledger: Ledger, place: Place): Anomaly[] {
  const { conversationId, seq, body, sent } = place;
  const where = `number ${seq} (${sent.key})`;
  const fits = (send: Send) => isWhatWasSent(ledger, body, send);
  if (!sent.attempts.some(fits)) {
    if (sent.refused.some(fits)) {
      return [{ name: 'G1a', conversationId, text: `${where} was refused and is there` }];
    }
    const others = sent.attempts.length > 0 ? 'is not what its sender sent' : 'was sent by nobody';
    return [{ name: 'unexpected', conversationId, text: `${where} ${others}` }];
  }
  const rejection = sent.rejections.find(({ code }) => code !== 409);
  if (!rejection || sent.attempts.some(({ invokedAt }) => invokedAt > rejection.at)) return [];
  return [{ name: 'G1a', conversationId, text: `${where} was rejected with ${rejection.code} and is there` }];
}

/** Of a recalled message that nobody saw before, nothing shows what it was. */
function isWhatWasSent({ conversationId }: Ledger, message: Message, send: Send): boolean {
  if (send.conversationId !== conversationId || message.conversation_id !== conversationId) return false;
  return message.recalled === true || send.content === message.content;
}

function describe({ senderId, msgId, content }: Send): string {
  return `${senderId} ${msgId} (${content.slice(0, 40)})`;
}
