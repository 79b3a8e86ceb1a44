import assert from 'node:assert/strict';
import type { Message } from '../../src/protocol/message.ts';
import type { MessagesPage } from '../../src/protocol/packets.ts';
import { apiOf } from '../harness/api.ts';
import type { Target } from '../harness/target.ts';
import type { FinalPull } from './checker/history.ts';

const PAGE = 200;

/** The whole of a conversation as one of its members, page by page by plain HTTP: the SDK has no hand in it. */
export async function pullHistory(
  target: Target,
  userId: string,
  conversationId: string,
): Promise<FinalPull> {
  const api = apiOf(target, userId);
  const messages: Message[] = [];
  for (;;) {
    const after = messages.at(-1)?.seq ?? 0;
    const path = `/v1/conversations/${conversationId}/messages?after_seq=${after}&limit=${PAGE}`;
    const reply = await api.get(path);
    assert.equal(reply.status, 200, String(reply.bytes));
    const page: MessagesPage = reply.body;
    messages.push(...page.messages);
    if (!page.has_more) return { conversationId, reader: userId, messages };
    assert.notEqual(page.messages.length, 0, 'an empty page says that there is more');
  }
}
