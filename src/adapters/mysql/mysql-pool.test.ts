import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { StoreUnavailable } from '../../ports/errors.ts';
import { type MysqlPool, type MysqlPoolOptions, openPool, type PoolUse } from './mysql-pool.ts';

/** What a server that is made up answers to a statement: an error's number and SQLSTATE, or nothing; else that all is well. */
type Answer = [errno: number, sqlState: string] | 'silence' | undefined;

const closing: (() => Promise<void>)[] = [];
after(() => Promise.all(closing.map((close) => close())));

test('a connection is lent again, and never to two at once', async () => {
  const { pool, server } = await open({ poolSize: 2 });
  await pool.lend(async (first) => {
    await one(first);
    await pool.lend(one);
    await one(first);
  });
  assert.equal(server.opened, 2);
  await Promise.all([pool.lend(one), pool.lend(one), pool.lend(one)]);
  assert.equal(server.opened, 2);
});

test('it tells how many connections are lent and how many calls wait', async () => {
  const told: PoolUse[] = [];
  const { pool } = await open({ poolSize: 1, onUse: (use) => told.push({ ...use }) });
  assert.deepEqual(told, [{ size: 1, used: 0, waiting: 0 }]);
  let second: Promise<unknown> | undefined;
  await pool.lend(async () => {
    second = pool.lend(one);
    assert.deepEqual(told.at(-1), { size: 1, used: 1, waiting: 1 });
  });
  await second;
  assert.deepEqual(told.at(-1), { size: 1, used: 0, waiting: 0 });
});

test('every connection is set up before anybody has it', async () => {
  const { pool, server } = await open();
  await pool.lend((connection) => connection.query({ sql: 'DO 1' }));
  assert.match(server.statements[0]!, /READ-COMMITTED/);
  assert.deepEqual(server.statements.slice(1), ['DO 1']);
});

test('a connection that cannot be set up is not lent', async () => {
  const { pool, server } = await open();
  server.answer = () => [1193, 'HY000'];
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

test('a connection that is thrown away is closed without the help of the server', {
  timeout: 20_000,
}, async () => {
  const { pool, server } = await open();
  server.answer = (sql) => (sql === 'DO 1' ? 'silence' : undefined);
  await assert.rejects(pool.lend(one), StoreUnavailable);
  const [socket] = server.sockets;
  while (!socket!.destroyed) {
    socket!.write('anybody there?');
    await new Promise(setImmediate);
  }
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
    server.answer = (sql) => (sql === 'DO 2' ? [errno, 'HY000'] : undefined);
    const refused = pool.lend((connection) => connection.query({ sql: 'DO 2' }));
    await assert.rejects(refused, StoreUnavailable);
    assert.equal(server.opened, 2);
    await pool.lend((first) => pool.lend((second) => Promise.all([one(first), one(second)])));
    assert.equal(server.opened, 4);
  });
}

test('an error that concerns the statement alone is passed on, without what it held, and the connection stays', async () => {
  const { pool, server } = await open();
  server.answer = (sql) => (sql.startsWith('INSERT') ? [1406, '22001'] : undefined);
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
    (error) =>
      error instanceof StoreUnavailable && !JSON.stringify([error, error.message]).includes('secret'),
  );
});

function one(connection: { query(options: { sql: string }): Promise<unknown> }): Promise<unknown> {
  return connection.query({ sql: 'DO 1' });
}

interface MadeUpServer {
  /** Connections that were greeted. */
  opened: number;
  /** It never ends its side by itself, as a server that hangs does not. */
  sockets: Socket[];
  statements: string[];
  greets: boolean;
  answer: (sql: string) => Answer;
}

async function open(
  options: Partial<MysqlPoolOptions> = {},
): Promise<{ pool: MysqlPool; server: MadeUpServer }> {
  const server: MadeUpServer = {
    opened: 0,
    sockets: [],
    statements: [],
    greets: true,
    answer: () => undefined,
  };
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    server.sockets.push(socket);
    socket.on('error', () => {});
    if (server.greets) serve(socket, server);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const pool = openPool({ url: `mysql://im:im@127.0.0.1:${port}/im`, ...options });
  closing.push(async () => {
    await pool.close();
    for (const socket of server.sockets) socket.destroy();
    listener.close();
  });
  return { pool, server };
}

/** The little of MySQL's protocol that statements without results need. */
function serve(socket: Socket, server: MadeUpServer): void {
  server.opened += 1;
  let received = Buffer.alloc(0);
  let greeted = false;
  socket.write(packet(0, GREETING));
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
    while (received.length >= 4 && received.length >= 4 + received.readUIntLE(0, 3)) {
      const end = 4 + received.readUIntLE(0, 3);
      const [sequence, payload] = [received[3]! + 1, received.subarray(4, end)];
      received = received.subarray(end);
      if (!greeted) socket.write(packet(sequence, OK));
      else if (payload[0] === COM_QUERY) reply(socket, sequence, server, statementOf(payload));
      greeted = true;
    }
  });
}

function reply(socket: Socket, sequence: number, server: MadeUpServer, sql: string): void {
  server.statements.push(sql);
  const answer = server.answer(sql);
  if (answer === 'silence') return;
  socket.write(packet(sequence, answer ? errorOf(...answer) : OK));
}

const COM_QUERY = 3;
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);

const GREETING = Buffer.concat([
  Buffer.from('\x0a9.7.0\0'),
  Buffer.alloc(4),
  Buffer.from('saltsalt\0'),
  // Protocol 4.1, transactions, authentication by a plugin that is named.
  Buffer.from([0x08, 0xa2, 255, 2, 0, 0x08, 0, 21]),
  Buffer.alloc(10),
  Buffer.from('saltsaltsalt\0mysql_native_password\0'),
]);

function errorOf(errno: number, sqlState: string): Buffer {
  const head = Buffer.from([0xff, errno & 0xff, errno >> 8]);
  return Buffer.concat([head, Buffer.from(`#${sqlState}it does not work`)]);
}

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, payload]);
}

function statementOf(payload: Buffer): string {
  return payload.subarray(1).toString();
}
