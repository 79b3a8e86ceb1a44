import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMysqlTimeline, type MysqlTimelineOptions } from '../../src/adapters/mysql/mysql-timeline.ts';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, stored } from '../contract/samples.ts';
import { headOf } from '../contract/timeline-fixture.ts';
import { createGate, until } from '../contract/wait.ts';
import { type PausableProxy, startPausableProxy } from '../harness/pausable-proxy.ts';
import { everyCall } from './every-call.ts';
import { createMigratedDatabase, type OwnDatabase } from './mysql-databases.ts';
import { serverFrom } from './servers.ts';

const server = serverFrom('MYSQL_URL');

const DIRECT = 'p2p:ann:bob';

/** What a call may take when the server is out of reach, on a machine that is busy. */
const OUTAGE_MS = 7000;

describe('MySQL out of reach', { skip: server ? false : 'set MYSQL_URL' }, () => {
  let database: OwnDatabase;
  before(async () => {
    database = await createMigratedDatabase(server!);
  });
  after(() => database[Symbol.asyncDispose]());

  test('while the server is silent every call fails in time, and all work again when it speaks', async () => {
    await using way = await open(database);
    const { timeline, proxy } = way;
    for (const call of everyCall(timeline)) await call();
    proxy.pause();
    const began = Date.now();
    const results = await Promise.all(everyCall(timeline).map((call) => outcomeOf(call(), began)));
    for (const { error, afterMs } of results) {
      assert.ok(error instanceof StoreUnavailable, String(error));
      assert.ok(afterMs < OUTAGE_MS, `${afterMs} ms`);
    }
    proxy.resume();
    await until('it answers', () => works(timeline));
    for (const call of everyCall(timeline)) await call();
  });

  test('when the server breaks off calls fail at once, also later ones, until it is back', async () => {
    await using way = await open(database, { poolSize: 2 });
    const { timeline, proxy } = way;
    const gate = createGate();
    let claiming = false;
    const storing = timeline.store([newMessage()], async () => {
      claiming = true;
      await gate.opened;
    });
    await until('numbers are claimed', () => claiming);
    await proxy.cut();
    gate.open();
    const began = Date.now();
    await assert.rejects(storing, StoreUnavailable);
    for (const call of everyCall(timeline)) await assert.rejects(call(), StoreUnavailable);
    assert.ok(Date.now() - began < OUTAGE_MS);
    await proxy.mend();
    for (const call of everyCall(timeline)) await call();
  });

  test('a server that falls silent amid a batch stores it as a whole or not at all, and holds up nobody', async () => {
    await using way = await open(database);
    const { timeline, proxy } = way;
    const batch = [newMessage(), newMessage()];
    const storing = timeline.store(batch, async () => proxy.pause());
    await assert.rejects(storing, StoreUnavailable);
    proxy.resume();
    await using direct = createMysqlTimeline({ url: database.url });
    const next = newMessage();
    await until('it can be stored into', () => succeeds(direct.store([next], agree)));
    const found = await direct.findStored(batch);
    assert.ok(found.length === 0 || found.length === 2);
    const head = await headOf(direct, DIRECT);
    assert.deepEqual(await direct.message(DIRECT, head), stored(next, head));
  });

  test('who freezes amid a batch keeps the conversation locked for half a minute at most', async () => {
    await using frozen = await open(database);
    await using way = await open(database);
    const gate = createGate();
    let claiming = false;
    const storing = frozen.timeline.store([newMessage()], async () => {
      claiming = true;
      await gate.opened;
    });
    await until('numbers are claimed', () => claiming);
    await assert.rejects(way.timeline.store([newMessage()], agree), StoreUnavailable);
    await until('it can be stored into', () => succeeds(way.timeline.store([newMessage()], agree)), 30_000);
    gate.open();
    await assert.rejects(storing, StoreUnavailable);
  });
});

interface Way extends AsyncDisposable {
  timeline: Timeline;
  proxy: PausableProxy;
}

/** A timeline behind a proxy. */
async function open(database: OwnDatabase, options: Partial<MysqlTimelineOptions> = {}): Promise<Way> {
  const url = new URL(database.url);
  const proxy = await startPausableProxy({ host: url.hostname, port: Number(url.port || 3306) });
  url.host = `127.0.0.1:${proxy.port}`;
  const timeline = createMysqlTimeline({ url: url.href, poolSize: 4, ...options });
  return {
    timeline,
    proxy,
    async [Symbol.asyncDispose]() {
      await timeline[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

async function outcomeOf(
  call: Promise<unknown>,
  began: number,
): Promise<{ error: unknown; afterMs: number }> {
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  return { error, afterMs: Date.now() - began };
}

async function works(timeline: Timeline): Promise<boolean> {
  return succeeds(timeline.ping());
}

/** False where the server is out of reach; any other error is passed on. */
async function succeeds(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof StoreUnavailable) return false;
    throw error;
  }
}
