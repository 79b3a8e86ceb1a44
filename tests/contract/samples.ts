import type { ChatEvent } from '../../src/ports/log-events.ts';
import type { ClaimSeqs, NewMessage, SeqClaim, StoredMessage } from '../../src/ports/messages.ts';
import type { Route } from '../../src/ports/registry.ts';

let lastId = 0;

/** An id that no other test in this process uses. */
export function freshId(prefix = 'id'): string {
  lastId += 1;
  return `${prefix}${lastId}`;
}

export function chatEvent(fields: Partial<ChatEvent> = {}): ChatEvent {
  return {
    v: 1,
    kind: 'chat',
    conversation_id: 'p2p:ann:bob',
    msg_id: freshId('m'),
    sender_id: 'ann',
    msg_type: 1,
    content: 'hello',
    send_time: 1_700_000_000_000,
    gateway_id: 'gateway-1',
    session_id: 'session-1',
    ...fields,
  };
}

export function newMessage(fields: Partial<NewMessage> = {}): NewMessage {
  return {
    conversation_id: 'p2p:ann:bob',
    msg_id: freshId('m'),
    sender_id: 'ann',
    msg_type: 1,
    content: 'hello',
    send_time: 1_700_000_000_000,
    client_time: null,
    ...fields,
  };
}

/** What `store` makes of a message. */
export function stored(message: NewMessage, seq: number): StoredMessage {
  return { ...message, seq, recalled_at: null, content_digest: null };
}

/** Sessions' ids are in the order of their numbers, up to 9. */
export function route(deviceId: string, sessionId: string, userId = 'ann'): Route {
  return { user_id: userId, device_id: deviceId, gateway_id: 'gateway-1', session_id: sessionId };
}

export function bySession(routes: Route[] | undefined): Route[] {
  return [...(routes ?? [])].sort((a, b) => (a.session_id < b.session_id ? -1 : 1));
}

/** Gives any numbers that are asked for. */
export const agree: ClaimSeqs = async () => {};

/** Gives any numbers that are asked for, and keeps what the last call asked. */
export function recordingClaim(): { claim: ClaimSeqs; last(): SeqClaim[] } {
  let last: SeqClaim[] = [];
  return {
    async claim(claims) {
      last = [...claims].sort((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
    },
    last: () => last,
  };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
