import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createMemoryInbox } from '../adapters/memory/memory-inbox.ts';
import { createMemoryPushBus } from '../adapters/memory/memory-push-bus.ts';
import { createMemoryRegistry } from '../adapters/memory/memory-registry.ts';
import { createMemorySequencer } from '../adapters/memory/memory-sequencer.ts';
import { createSqliteTimeline } from '../adapters/sqlite/sqlite-timeline.ts';
import { StoreUnavailable } from '../ports/errors.ts';
import type { Batch, BatchHandler, EventLog } from '../ports/event-log.ts';
import type { ChatEvent, DeadLetter, LogTopics, RecallEvent } from '../ports/log-events.ts';
import type { Push } from '../ports/push-bus.ts';
import type { Timeline } from '../ports/timeline.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { startWorker } from './worker.ts';

const NOW = 1_000_000;

function batchOf(
  partition: number,
  events: (LogTopics['messages'] | undefined)[],
  owned = () => true,
): Batch<'messages'> {
  const records = events.map((event, offset) => ({
    offset,
    key: 'k',
    event,
    raw: JSON.stringify(event) ?? '{',
  }));
  return { partition, records, owned };
}

/** A worker on embedded stores whose batches the test hands out itself. */
async function workerUnderTest(
  t: TestContext,
  wrap: (timeline: Timeline) => Timeline = (timeline) => timeline,
) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'seqline-worker-'));
  const timeline = createSqliteTimeline({ path: path.join(dir, 'timeline.sqlite') });
  const bus = createMemoryPushBus(assert.ifError);
  const registry = createMemoryRegistry({ ttlMs: 60_000, now: () => NOW });
  const handlers = new Map<string, BatchHandler<never>>();
  const dead: DeadLetter[] = [];
  const log: EventLog = {
    append: async (_topic, _key, event) => void dead.push(event as DeadLetter),
    consume: async (topic, handler) => {
      handlers.set(topic, handler);
      return { stop: async () => {} };
    },
    lag: async () => [],
    async [Symbol.asyncDispose]() {},
  };
  const pushed: Push[] = [];
  const nobody = { onGroup() {}, onPresence() {}, onInterrupted() {} };
  await bus.listen('g1', { ...nobody, onPush: (pushes) => void pushed.push(...pushes) });
  for (const user of ['ada', 'bob']) {
    const route = { user_id: user, device_id: 'd', gateway_id: 'g1', session_id: `s-${user}` };
    await registry.register(route, 20);
  }
  const worker = await startWorker({
    log,
    timeline: wrap(timeline),
    sequencer: createMemorySequencer(),
    inbox: createMemoryInbox({ length: 1000, ttlMs: 60_000, now: () => NOW, registry }),
    registry,
    bus,
    logger: createLogger('silent', {}),
    metrics: createMetrics(),
    now: () => NOW,
  });
  t.after(async () => {
    await worker[Symbol.asyncDispose]();
    await timeline[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });
  return {
    timeline,
    dead,
    pushed,
    /** Hands out one batch, whose partition the worker has for as long as `owned` says so. */
    async handleWhile(owned: () => boolean, ...events: LogTopics['messages'][]): Promise<void> {
      await handlers.get('messages')!(batchOf(0, events, owned) as never);
    },
    /** Hands out one batch and gives what was pushed because of it. */
    async handle(...events: (LogTopics['messages'] | undefined)[]): Promise<Push[]> {
      return this.handlePartitions(events);
    },
    /** Hands out a batch of each of several partitions at once. */
    async handlePartitions(...partitions: (LogTopics['messages'] | undefined)[][]): Promise<Push[]> {
      pushed.length = 0;
      const handler = handlers.get('messages')!;
      await Promise.all(partitions.map((events, i) => handler(batchOf(i, events) as never)));
      return [...pushed];
    },
    async stored(conversationId = 'p2p:ada:bob') {
      const { messages } = await timeline.page({
        conversationId,
        from: { afterSeq: 0 },
        hiddenThrough: 0,
        limit: 99,
      });
      return messages.map((message) => `${message.seq}:${message.msg_id}:${message.content}`);
    },
  };
}

function chat(msg_id: string, content: string, more: Partial<ChatEvent> = {}): ChatEvent {
  return {
    v: 1,
    kind: 'chat',
    conversation_id: 'p2p:ada:bob',
    msg_id,
    sender_id: 'ada',
    msg_type: 1,
    content,
    send_time: NOW,
    gateway_id: 'g1',
    session_id: 's-ada',
    ...more,
  };
}

/** Of each push, to whom it goes and what it says. */
function summary(pushes: Push[]): string[] {
  return pushes
    .filter((push) => push.to !== 'forget')
    .map((push) => {
      if (push.to !== 'users' && push.to !== 'session') return push.to;
      const { seq, payload } = JSON.parse(push.frame);
      const to = push.to === 'users' ? push.user_ids.join('+') : push.session_id;
      return `${to} ${payload.type ?? 'message'} ${payload.msg_id ?? ''} ${seq ?? payload.code ?? payload.seq}`;
    });
}

test('new messages are numbered in log order, stored, and pushed to both members', async (t) => {
  const worker = await workerUnderTest(t);
  const pushes = await worker.handle(chat('m1', 'one'), chat('m2', 'two'));
  assert.deepEqual(await worker.stored(), ['1:m1:one', '2:m2:two']);
  assert.deepEqual(summary(pushes), [
    'ada message m1 1',
    'bob message m1 1',
    'ada message m2 2',
    'bob message m2 2',
  ]);
});

test('a batch that is handed out again stores nothing new, and pushes the same frames', async (t) => {
  const worker = await workerUnderTest(t);
  const first = await worker.handle(chat('m1', 'one'), chat('m2', 'two'));
  const second = await worker.handle(chat('m1', 'one'), chat('m2', 'two'), chat('m3', 'three'));
  assert.deepEqual(await worker.stored(), ['1:m1:one', '2:m2:two', '3:m3:three']);
  const frames = (pushes: Push[]) => pushes.map((push) => ('frame' in push ? push.frame : ''));
  for (const frame of frames(first)) assert.ok(frames(second).includes(frame), frame);
});

test('a message sent again comes once more to the session that sent it, and to nobody else', async (t) => {
  const worker = await workerUnderTest(t);
  await worker.handle(chat('m1', 'one'));
  const later = chat('m1', 'one', { send_time: NOW + 5, session_id: 's-new' });
  assert.deepEqual(summary(await worker.handle(later)), ['s-new message m1 1']);
  const inBatch = await worker.handle(chat('m2', 'two'), chat('m2', 'two', { session_id: 's-echo' }));
  assert.deepEqual(summary(inBatch).sort(), ['ada message m2 2', 'bob message m2 2', 's-echo message m2 2']);
  assert.deepEqual(await worker.stored(), ['1:m1:one', '2:m2:two']);
});

test('another message under a used msg_id is rejected, also after the first was recalled', async (t) => {
  const worker = await workerUnderTest(t);
  await worker.handle(chat('m1', 'one'));
  const conflict = await worker.handle(chat('m1', 'other'), chat('m2', 'two'), chat('m2', 'not two'));
  assert.deepEqual(
    summary(conflict).filter((line) => line.includes('rejected')),
    ['ada rejected m1 409', 'ada rejected m2 409'],
  );
  const recall: RecallEvent = {
    v: 1,
    kind: 'recall',
    conversation_id: 'p2p:ada:bob',
    seq: 1,
    by: 'ada',
    time: NOW,
    gateway_id: 'g1',
    session_id: 's-ada',
    reply_id: 'r1',
  };
  assert.ok((await worker.handle(recall)).some((push) => push.to === 'reply' && push.reply_id === 'r1'));
  assert.deepEqual(summary(await worker.handle(chat('m1', 'other'))), ['ada rejected m1 409']);
  assert.deepEqual(summary(await worker.handle(chat('m1', 'one', { send_time: NOW + 1 }))), [
    's-ada message m1 1',
  ]);
  assert.deepEqual(await worker.stored(), ['1:m1:', '2:m2:two']);
  assert.deepEqual(
    worker.dead.map((letter) => letter.reason),
    ['conflict', 'conflict', 'conflict'],
  );
});

test('who is no member, or muted, is rejected, and the others are stored', async (t) => {
  const worker = await workerUnderTest(t);
  const group = { group_id: 'group_1', name: 'G', owner_id: 'ada', history: 'all', created_at: 0 } as const;
  await worker.timeline.createGroup(group, ['ada', 'bob']);
  await worker.timeline.changeGroup('group_1', ['bob'], () => ({
    steps: [{ step: 'mute', user_id: 'bob', until: NOW + 1 }],
    result: null,
  }));
  const to = { conversation_id: 'group_1' };
  const pushes = await worker.handle(
    chat('e1', 'out', { ...to, sender_id: 'eve' }),
    chat('b1', 'muted', { ...to, sender_id: 'bob' }),
    chat('a1', 'in', to),
    chat('b2', 'later', { ...to, sender_id: 'bob', send_time: NOW + 1 }),
  );
  assert.deepEqual(await worker.stored('group_1'), ['1:a1:in', '2:b2:later']);
  assert.deepEqual(summary(pushes), ['bob rejected b1 403']);
  assert.deepEqual(
    worker.dead.map((letter) => letter.reason),
    ['forbidden', 'forbidden'],
  );
});

test('a sender who is removed between the storing and the push hears what became of the message', async (t) => {
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    async store(messages, claim) {
      const stored = await timeline.store(messages, claim);
      await timeline.changeGroup('group_1', ['bob'], () => ({
        steps: [{ step: 'remove', user_id: 'bob' }],
        result: null,
      }));
      return stored;
    },
  }));
  const group = { group_id: 'group_1', name: 'G', owner_id: 'ada', history: 'all', created_at: 0 } as const;
  await worker.timeline.createGroup(group, ['ada', 'bob']);
  const to = { conversation_id: 'group_1' };
  const pushes = await worker.handle(chat('a1', 'in', to), chat('b1', 'in', { ...to, sender_id: 'bob' }));
  assert.deepEqual(summary(pushes), ['bob message b1 2']);
});

test('where another worker stores a message of the batch in between, the batch starts over', async (t) => {
  let interfere: ((timeline: Timeline) => Promise<unknown>) | undefined;
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    async store(messages, claim) {
      const now = interfere;
      interfere = undefined;
      await now?.(timeline);
      return timeline.store(messages, claim);
    },
  }));
  interfere = (timeline) =>
    timeline.store(
      [{ ...chat('m1', 'one'), conversation_id: 'p2p:ada:zed', client_time: null }],
      async () => {},
    );
  await worker.handle(chat('m1', 'one'), chat('m2', 'two'));
  assert.deepEqual(await worker.stored(), ['1:m2:two']);
  assert.deepEqual(await worker.stored('p2p:ada:zed'), ['1:m1:one']);
  assert.deepEqual(
    worker.dead.map((letter) => letter.reason),
    ['conflict'],
  );
});

test('what cannot be understood, or fails by itself, is buried; the rest goes its way', async (t) => {
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    async store(messages, claim) {
      if (messages.some((message) => message.content === 'poison')) throw new Error('out of range');
      return timeline.store(messages, claim);
    },
  }));
  const fromTheFuture = { ...chat('m0', 'zero'), v: 2 } as unknown as ChatEvent;
  const pushes = await worker.handle(
    undefined,
    fromTheFuture,
    chat('m1', 'one'),
    chat('m2', 'poison'),
    chat('m3', 'three'),
  );
  assert.deepEqual(await worker.stored(), ['1:m1:one', '2:m3:three']);
  const reasons = new Set(worker.dead.map((letter) => letter.reason));
  assert.deepEqual(reasons, new Set(['bad_event', 'failed']));
  assert.ok(summary(pushes).includes('ada rejected m2 500'));
});

test('partitions are stored together, and by themselves where one of them fails', async (t) => {
  const stores: string[][] = [];
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    async store(messages, claim) {
      stores.push(messages.map(({ content }) => content));
      if (messages.some((message) => message.content === 'poison')) throw new Error('out of range');
      return timeline.store(messages, claim);
    },
  }));
  await worker.handlePartitions([chat('m1', 'one')], [chat('m2', 'two'), chat('m3', 'three')]);
  assert.deepEqual(stores, [['one', 'two', 'three']]);

  stores.length = 0;
  await worker.handlePartitions([chat('m4', 'four'), chat('m5', 'five')], [chat('m6', 'poison')]);
  assert.deepEqual(stores.slice(0, 2), [
    ['four', 'five', 'poison'],
    ['four', 'five'],
  ]);
  assert.deepEqual(
    worker.dead.map((letter) => letter.reason),
    ['failed'],
  );
});

test('where a store is out of reach the whole batch is to come again, and nothing is buried', async (t) => {
  let away = true;
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    async store(messages, claim) {
      if (away) throw new StoreUnavailable('timeline', 'stopped');
      return timeline.store(messages, claim);
    },
  }));
  await assert.rejects(worker.handle(chat('m1', 'one')), StoreUnavailable);
  assert.deepEqual([await worker.stored(), worker.dead], [[], []]);
  away = false;
  await worker.handle(chat('m1', 'one'));
  assert.deepEqual(await worker.stored(), ['1:m1:one']);
});

test('a worker that loses the partition goes no further, and the batch is to come again', async (t) => {
  let [lostBy, owned] = ['', true];
  const losing = async <R>(call: string, work: Promise<R>) => {
    const result = await work;
    if (call === lostBy) owned = false;
    return result;
  };
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    findStored: (keys) => losing('look up', timeline.findStored(keys)),
    store: (messages, claim) => losing('store', timeline.store(messages, claim)),
  }));
  for (const [call, stored] of Object.entries({ 'look up': [], store: ['1:m1:one'] })) {
    lostBy = call;
    owned = true;
    const handled = worker.handleWhile(() => owned, chat('m1', 'one'));
    await assert.rejects(handled, StoreUnavailable);
    assert.deepEqual([await worker.stored(), worker.pushed], [stored, []]);
  }
  assert.deepEqual(summary(await worker.handle(chat('m1', 'one'))), ['ada message m1 1', 'bob message m1 1']);
});

test('what a worker that lost the partition stored is not refused because its sender was removed since', async (t) => {
  const group = { group_id: 'group_g', name: 'G', owner_id: 'bob', history: 'all', created_at: 1 } as const;
  const event = chat('m1', 'one', { conversation_id: group.group_id });
  let overtaken = false;
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    async membersAmong(pairs) {
      if (overtaken) return timeline.membersAmong(pairs);
      overtaken = true;
      await timeline.store([{ ...event, client_time: null }], async () => {});
      await timeline.changeGroup(group.group_id, ['ada'], () => ({
        steps: [{ step: 'remove', user_id: 'ada' }],
        result: undefined,
      }));
      return timeline.membersAmong(pairs);
    },
  }));
  await worker.timeline.createGroup(group, ['ada']);
  assert.deepEqual(summary(await worker.handle(event)), ['ada message m1 1']);
  assert.deepEqual(worker.dead, []);
  assert.deepEqual(await worker.stored(group.group_id), ['1:m1:one']);
});

test('who is removed while a batch is at work is refused, and nothing of theirs is stored', async (t) => {
  const group = { group_id: 'group_g', name: 'G', owner_id: 'bob', history: 'all', created_at: 1 } as const;
  const worker = await workerUnderTest(t, (timeline) => ({
    ...timeline,
    async findStored(keys) {
      const found = await timeline.findStored(keys);
      await timeline.changeGroup(group.group_id, ['ada'], () => ({
        steps: [{ step: 'remove', user_id: 'ada' }],
        result: undefined,
      }));
      return found;
    },
  }));
  await worker.timeline.createGroup(group, ['ada']);
  const pushes = await worker.handle(chat('m1', 'one', { conversation_id: group.group_id }));
  assert.deepEqual(summary(pushes), ['ada rejected m1 403']);
  assert.deepEqual(await worker.stored(group.group_id), []);
});
