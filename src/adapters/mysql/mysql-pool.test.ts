import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { after, test } from 'node:test';
import { type Connection, createServer } from 'mysql2';
import { StoreUnavailable } from '../../ports/errors.ts';
import { type MysqlPool, type MysqlPoolOptions, openPool } from './mysql-pool.ts';

/** What a server that is made up answers to a statement: an error by its number, silence, or else that all is well. */
type Answer = number | 'silence' | undefined;

const closing: (() => Promise<void>)[] = [];
after(() => Promise.all(closing.map((close) => close())));

test('a connection is lent again, and never to two at once', async () => {
  const { pool, server } = await open({ poolSize: 2 });
  const lent: unknown[] = [];
  await pool.lend(async (first) => {
    await first.query({ sql: 'DO 1' });
    await pool.lend(async (second) => {
      lent.push(first, second);
      await second.query({ sql: 'DO 2' });
    });
  });
  assert.notEqual(lent[0], lent[1]);
  await pool.lend((third) => third.query({ sql: 'DO 3' }));
  assert.equal(server.opened, 2);
});

test('every connection is set up before anybody has it', async () => {
  const { pool, server } = await open();
  await pool.lend((connection) => connection.query({ sql: 'DO 1' }));
  assert.match(server.statements[0]!, /READ-COMMITTED/);
  assert.deepEqual(server.statements.slice(1), ['DO 1']);
});

test('a connection that cannot be set up is not lent', async () => {
  const { pool, server } = await open();
  server.answer = () => 1193;
  await assert.rejects(
    pool.lend(() => assert.fail('it was lent')),
    StoreUnavailable,
  );
  server.answer = () => undefined;
  await pool.lend((connection) => connection.query({ sql: 'DO 1' }));
  assert.equal(server.opened, 2);
});

test('a statement without an answer fails in time, and its connection is thrown away', async () => {
  const { pool, server } = await open({ poolSize: 1 });
  server.answer = (sql) => (sql === 'DO 1' ? 'silence' : undefined);
  const began = Date.now();
  await pool.lend(async (connection) => {
    await assert.rejects(connection.query({ sql: 'DO 1' }), StoreUnavailable);
    await assert.rejects(connection.query({ sql: 'DO 2' }), StoreUnavailable);
  });
  assert.ok(Date.now() - began < 4500);
  await pool.lend((connection) => connection.query({ sql: 'DO 3' }));
  assert.equal(server.opened, 2);
  assert.ok(!server.statements.includes('DO 2'));
});

test('a server that takes connections and never greets fails in time', async () => {
  const { pool, server } = await open({ poolSize: 1 });
  server.greets = false;
  const began = Date.now();
  const calls = [1, 2, 3].map(() => pool.lend(() => assert.fail('it was lent')));
  for (const result of await Promise.allSettled(calls)) {
    assert.ok(result.status === 'rejected' && result.reason instanceof StoreUnavailable);
  }
  assert.ok(Date.now() - began < 4500);
});

for (const errno of [1290, 1836]) {
  test(`after error ${errno}, of a server that is no primary any more, no connection to it is lent`, async () => {
    const { pool, server } = await open({ poolSize: 2 });
    await pool.lend((first) => pool.lend((second) => Promise.all([one(first), one(second)])));
    server.answer = (sql) => (sql === 'DO 2' ? errno : undefined);
    const refused = pool.lend((connection) => connection.query({ sql: 'DO 2' }));
    await assert.rejects(refused, StoreUnavailable);
    assert.equal(server.opened, 2);
    await pool.lend((first) => pool.lend((second) => Promise.all([one(first), one(second)])));
    assert.equal(server.opened, 4);
  });
}

test('an error that concerns the statement alone is passed on, without what it held, and the connection stays', async () => {
  const { pool, server } = await open();
  server.answer = (sql) => (sql.startsWith('INSERT') ? 1406 : undefined);
  const sql = 'INSERT secret';
  await assert.rejects(
    pool.lend((connection) => connection.query({ sql })),
    (error: object) =>
      !(error instanceof StoreUnavailable) &&
      'errno' in error &&
      error.errno === 1406 &&
      !JSON.stringify(error).includes('secret'),
  );
  await pool.lend(one);
  assert.equal(server.opened, 1);
});

test('one call more than may wait is refused at once', async () => {
  const { pool } = await open({ poolSize: 1, queueMax: 2 });
  const gate = Promise.withResolvers<void>();
  const holding = pool.lend(async (connection) => {
    await one(connection);
    await gate.promise;
  });
  const waiting = [pool.lend(one), pool.lend(one)];
  await assert.rejects(pool.lend(one), /mysql: Queue limit reached/);
  gate.resolve();
  await Promise.all([holding, ...waiting]);
});

test('what waits longer than it may is refused, and takes nothing from those who come later', async () => {
  const { pool } = await open({ poolSize: 1 });
  const gate = Promise.withResolvers<void>();
  const holding = pool.lend(() => gate.promise);
  await assert.rejects(pool.lend(one), /no connection within/);
  gate.resolve();
  await holding;
  await pool.lend(one);
});

test('closing ends calls that wait for an answer, and those that come', async () => {
  const { pool, server } = await open();
  server.answer = (sql) => (sql === 'DO 1' ? 'silence' : undefined);
  const waiting = assert.rejects(pool.lend(one), StoreUnavailable);
  while (!server.statements.includes('DO 1')) await new Promise(setImmediate);
  await pool.close();
  await waiting;
  await assert.rejects(pool.lend(one), StoreUnavailable);
});

test('where nobody listens it is unavailable, and the password is not told', async () => {
  const pool = openPool({ url: 'mysql://im:secret@127.0.0.1:1/im' });
  closing.push(() => pool.close());
  await assert.rejects(
    pool.lend(one),
    (error) => error instanceof StoreUnavailable && !JSON.stringify([error, error.message]).includes('secret'),
  );
});

function one(connection: { query(options: { sql: string }): Promise<unknown> }): Promise<unknown> {
  return connection.query({ sql: 'DO 1' });
}

interface MadeUpServer {
  port: number;
  /** Connections so far. */
  opened: number;
  statements: string[];
  greets: boolean;
  answer: (sql: string) => Answer;
}

async function open(options: Partial<MysqlPoolOptions> = {}): Promise<{ pool: MysqlPool; server: MadeUpServer }> {
  const server = await startServer();
  const pool = openPool({ url: `mysql://im:im@127.0.0.1:${server.port}/im`, ...options });
  closing.unshift(() => pool.close());
  return { pool, server };
}

async function startServer(): Promise<MadeUpServer> {
  const sockets = new Set<Socket>();
  const state: MadeUpServer = { port: 0, opened: 0, statements: [], greets: true, answer: () => undefined };
  const server = createServer((connection) => {
    sockets.add((connection as unknown as { stream: Socket }).stream);
    connection.on('error', () => {});
    if (state.greets) serve(connection as Connection, state);
  });
  server.listen(0);
  const { _server: listener } = server as unknown as { _server: NetServer };
  await once(listener, 'listening');
  state.port = (listener.address() as AddressInfo).port;
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return state;
}

function serve(connection: Connection, state: MadeUpServer): void {
  state.opened += 1;
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: '9.7.0',
    connectionId: state.opened,
    statusFlags: 2,
    characterSet: 255,
    capabilityFlags: 0xffffff ^ 0x800,
  });
  const reply = (sql: string) => {
    state.statements.push(sql);
    const answer = state.answer(sql);
    if (answer === undefined) connection.writeOk();
    else if (answer !== 'silence') connection.writeError({ message: 'no', code: answer } as never);
  };
  connection.on('query', reply);
  connection.on('stmt_prepare', reply);
}
