import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import type { Message } from '../../protocol/message.ts';
import { SeqlineError } from '../../sdk/index.ts';
import type { ConversationState } from '../../sdk/types.ts';
import { memoryStorage } from '../testing/memory-storage.ts';
import { scriptedClient } from '../testing/scripted-client.ts';
import { createChat } from './chat.ts';
import { createOutbox } from './outbox.ts';
import { TokenError } from './session.ts';

const BOB = 'p2p:alice:bob';

function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    conversation_id: BOB,
    seq,
    msg_id: `m${seq}`,
    sender_id: 'bob',
    msg_type: 1,
    content: `message ${seq}`,
    send_time: seq,
    status: 0,
    ...more,
  };
}

function listed(more: Partial<ConversationState> = {}): ConversationState {
  const place = { head_seq: 3, ack_seq: 3, read_seq: 1, unread: 2, last_message: message(3) };
  return { conversation_id: BOB, type: 'direct', ...place, ...more };
}

/** Lets the promises that are settled be heard. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function begin(t: TestContext, history: Message[] = [], storage = memoryStorage()) {
  const scripted = scriptedClient(history);
  const chat = createChat(scripted.client, 'alice', createOutbox(storage, 'alice'));
  t.after(() => chat.dispose());
  return { ...scripted, chat, storage, timeline: (id = BOB) => chat.store.get().timelines[id] };
}

test('opening a conversation loads its newest page and draws the line at what was unread', async (t) => {
  const { chat, emit, timeline } = begin(t, [message(1), message(2), message(3)]);
  emit('conversations', [listed()]);
  chat.reading.open(BOB);
  assert.equal(timeline()?.phase, 'loading');
  await settled();
  assert.equal(timeline()?.phase, 'ready');
  assert.equal(timeline()?.messages.length, 3);
  assert.equal(timeline()?.unreadAfter, 1);
});

test('a message that comes goes into what is held, and nowhere else', async (t) => {
  const { chat, emit, timeline } = begin(t, [message(1)]);
  emit('message', message(9, { conversation_id: 'group_x' }));
  assert.equal(timeline('group_x'), undefined);
  chat.reading.open(BOB);
  emit('message', message(2));
  await settled();
  assert.deepEqual(
    timeline()?.messages.map(({ seq }) => seq),
    [1, 2],
  );
});

test('a message that is sent is pending, sent, then stored', async (t) => {
  const { chat, sends, timeline, storage } = begin(t);
  chat.reading.open(BOB);
  chat.sending.sendText(BOB, 'hello');
  assert.equal(timeline()?.outgoing[0]?.stage, 'pending');
  const [entry] = sends;
  assert.ok(entry);
  entry.sent.resolve({ conversationId: BOB, serverTime: 1 });
  await settled();
  assert.equal(timeline()?.outgoing[0]?.stage, 'sent');
  assert.equal(storage.length, 1);
  entry.stored.resolve(message(1, { sender_id: 'alice', msg_id: entry.message.msgId! }));
  await settled();
  assert.equal(timeline()?.outgoing.length, 0);
  assert.equal(timeline()?.messages.length, 1);
  assert.equal(storage.length, 0);
});

test('a refused message says why and is tried again with the same id', async (t) => {
  const { chat, sends, timeline } = begin(t);
  chat.reading.open(BOB);
  chat.sending.sendText(BOB, 'hello');
  sends[0]?.stored.reject(new SeqlineError(403, 'forbidden', 'No.'));
  await settled();
  const failed = timeline()?.outgoing[0];
  assert.equal(failed?.stage, 'failed');
  assert.match(failed?.problem ?? '', /cannot write here/);
  chat.sending.retry(failed!);
  assert.equal(timeline()?.outgoing[0]?.stage, 'pending');
  assert.equal(sends[1]?.message.msgId, sends[0]?.message.msgId);
});

test('what was on its way when the page was left is sent again with the same id', async (t) => {
  const before = begin(t);
  before.chat.sending.sendText(BOB, 'hello');
  const after = begin(t, [], before.storage);
  assert.equal(after.sends[0]?.message.msgId, before.sends[0]?.message.msgId);
  assert.equal(after.timeline()?.outgoing[0]?.content, 'hello');
});

test('reading is told once for each place', async (t) => {
  const { chat, emit, asked } = begin(t);
  emit('conversations', [listed()]);
  chat.reading.seen(BOB, 1);
  chat.reading.seen(BOB, 3);
  chat.reading.seen(BOB, 3);
  assert.deepEqual(asked('markRead'), [[BOB, 3]]);
});

test('somebody who types is shown until the signal lapses or a message comes', (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.after(() => mock.timers.reset());
  const { chat, emit } = begin(t);
  const typing = { type: 'typing', conversation_id: BOB, user_id: 'bob', typing: true } as const;
  emit('typing', typing);
  assert.deepEqual(chat.store.get().typing[BOB], ['bob']);
  mock.timers.tick(6000);
  assert.equal(chat.store.get().typing[BOB], undefined);
  emit('typing', typing);
  emit('message', message(1));
  assert.equal(chat.store.get().typing[BOB], undefined);
});

test('typing is told seldom, and withdrawn after a pause', (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.after(() => mock.timers.reset());
  const { chat, asked } = begin(t);
  for (const text of ['h', 'he', 'hel']) chat.typed(BOB, text);
  assert.deepEqual(asked('typing'), [[BOB, true]]);
  mock.timers.tick(3000);
  assert.deepEqual(asked('typing'), [
    [BOB, true],
    [BOB, false],
  ]);
});

test('those whom the list shows are watched, and asked for only when they change', (t) => {
  const { emit, asked } = begin(t);
  emit('conversations', [listed(), listed({ conversation_id: 'p2p:alice:carol' })]);
  emit('conversations', [listed(), listed({ conversation_id: 'p2p:alice:carol' })]);
  assert.deepEqual(asked('watch'), [[['bob', 'carol']]]);
});

test('a group that one is removed from is closed, and that is said', (t) => {
  const { chat, emit, timeline } = begin(t);
  emit('conversations', [listed({ conversation_id: 'group_x', type: 'group', name: 'Hike' })]);
  chat.reading.open('group_x');
  const event = { type: 'member', conversation_id: 'group_x', user_id: 'alice', by: 'bob' } as const;
  emit('member', { ...event, change: 'removed' });
  assert.equal(chat.store.get().openId, null);
  assert.equal(timeline('group_x'), undefined);
  assert.match(chat.store.get().notices[0]?.text ?? '', /removed from “Hike”/);
});

test('a server that gives no tokens ends the session instead of letting it try for ever', (t) => {
  const { chat, emit, asked } = begin(t);
  emit('error', new Error('passing'));
  assert.equal(chat.store.get().ended, null);
  emit('error', new TokenError('No tokens here.'));
  assert.equal(chat.store.get().ended?.reason, 'No tokens here.');
  assert.equal(asked('close').length, 1);
});
