import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../harness/eventually.ts';
import { p2p } from '../harness/names.ts';
import { openTcp, upgradeHead } from '../harness/raw-http.ts';
import { readMetric } from '../harness/read-metrics.ts';
import { assertOpen, logIn, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';

/** Upgrades at once, none of which logs in. */
const FLOOD = 3000;
const TALKERS = 20;
const CLOSE_FRAME = 0x88;
/** What the server keeps for one of them before its login, with much room. */
const BYTES_EACH_MAX = 64 * 1024;

const target = await useTarget();

/** Asks for a WebSocket, and resolves with it when the answer is there. */
async function upgrade(): Promise<Socket> {
  const socket = await openTcp(target);
  socket.write(`${upgradeHead()}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(String(answer), /^HTTP\/1\.1 101 /);
  return socket;
}

function flood(): Promise<Socket[]> {
  return Promise.all(Array.from({ length: FLOOD }, upgrade));
}

/** The code of the close frame that comes. */
async function closeCode(socket: Socket): Promise<number> {
  const [frame] = (await once(socket, 'data')) as [Buffer];
  socket.end();
  assert.equal(frame[0], CLOSE_FRAME);
  return frame.readUInt16BE(2);
}

const metric = (name: string) => readMetric(target.own().internalUrl, name);

async function assertLeft(connections: number): Promise<void> {
  await eventually(
    `${connections} connections are left`,
    async () => (await metric('im_gateway_connections')) === connections,
  );
}

test(`${FLOOD} upgrades at once that never log in: others log in and talk, and all are closed with 4401`, {
  skip: NEEDS_OWN_SERVER,
}, async (t) => {
  const old = await logIn(target);
  const before = await metric('process_resident_memory_bytes');
  const sockets = await flood();
  const closes = Promise.all(sockets.map(closeCode));
  const talkers = await Promise.all(Array.from({ length: TALKERS }, () => logIn(target)));
  for (const talker of talkers) {
    const id = p2p(talker.userId, old.userId);
    assert.equal((await say(talker, id, 'in spite of them')).seq, 1);
    assert.equal((await say(old, id, 'all the same')).seq, 2);
  }
  const each = Math.round(((await metric('process_resident_memory_bytes')) - before) / FLOOD);
  t.diagnostic(`${each} bytes for each`);
  assert.ok(each < BYTES_EACH_MAX, `${each} bytes for each`);
  assert.deepEqual(new Set(await closes), new Set([4401]));
  await assertLeft(1 + TALKERS);
  for (const client of [old, ...talkers]) {
    await assertOpen(client);
    client.socket.close();
  }
  await assertLeft(0);
});

test(`${FLOOD} upgrades that vanish at once leave nothing behind`, { skip: NEEDS_OWN_SERVER }, async () => {
  for (const socket of await flood()) socket.resetAndDestroy();
  await assertLeft(0);
  await assertOpen(await logIn(target));
});
