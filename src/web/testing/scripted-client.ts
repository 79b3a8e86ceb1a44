import type { Message } from '../../protocol/message.ts';
import type { ClientEvents, OutgoingMessage, SeqlineClient } from '../../sdk/types.ts';

type Listener = (value: never) => void;

export interface Sent {
  message: OutgoingMessage;
  sent: PromiseWithResolvers<{ conversationId: string; serverTime: number }>;
  stored: PromiseWithResolvers<Message>;
}

/** A client whose server is the test: it tells what is emitted, and remembers what it was asked. */
export function scriptedClient(history: Message[] = []) {
  const listeners = new Map<string, Set<Listener>>();
  const sends: Sent[] = [];
  const calls: unknown[][] = [];
  const record =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      return answer;
    };

  const client: SeqlineClient = {
    userId: 'alice',
    deviceId: 'device',
    state: 'online',
    conversations: [],
    connect: record('connect', undefined),
    close: record('close', undefined),
    reconnectNow: () => void calls.push(['reconnectNow']),
    send(message) {
      const entry: Sent = { message, sent: Promise.withResolvers(), stored: Promise.withResolvers() };
      sends.push(entry);
      return {
        msgId: message.msgId ?? '',
        conversationId: message.conversationId ?? '',
        sent: entry.sent.promise,
        stored: entry.stored.promise,
      };
    },
    history: async (id, page) => {
      calls.push(['history', id, page]);
      return { messages: history, hasMore: false, headSeq: history.length };
    },
    markRead: record('markRead', undefined),
    recall: record('recall', undefined),
    typing: (id, typing) => void calls.push(['typing', id, typing]),
    watch: record('watch', []),
    on(event, listener) {
      const all = listeners.get(event) ?? new Set();
      listeners.set(event, all.add(listener as Listener));
      return () => all.delete(listener as Listener);
    },
    http: {
      request: record('request', undefined) as never,
      upload: record('upload', { url: '/v1/uploads/a.png' }),
    },
  };

  function emit<K extends keyof ClientEvents>(event: K, value: ClientEvents[K]): void {
    for (const listener of listeners.get(event) ?? []) listener(value as never);
  }

  const asked = (name: string) => calls.filter(([called]) => called === name).map(([, ...args]) => args);
  return { client, emit, sends, asked };
}
