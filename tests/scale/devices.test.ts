import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../harness/eventually.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { connect, isStored, type RawClient } from '../harness/raw-client.ts';
import {
  assertOpen,
  assertRefused,
  chatPacket,
  event,
  heartbeat,
  isEvent,
  logIn,
  say,
  stored,
} from '../harness/talk.ts';
import { type Target, useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const DEVICES_MAX = 20;
const TIMEOUT_MS = 60_000;

const target = await useTarget();

test(`one user on ${DEVICES_MAX} devices gets everything on each, and no further device`, async () => {
  const user = freshUser('user');
  const devices = await Promise.all(Array.from({ length: DEVICES_MAX }, () => logIn(target, { user })));
  const peer = await logIn(target);
  const conversation = p2p(user, peer.userId);
  for (const sender of [peer, ...devices]) await say(sender, conversation, `from ${sender.deviceId}`);
  for (const device of devices) await assertHasAll(device, 1 + DEVICES_MAX);

  await assertTooMany(target, user);
  for (const device of devices) await assertOpen(device);

  await leave(devices[0]!);
  await logInSoon(target, user);
});

/** The heartbeat's answer comes after all that was pushed before: then everything is there, once and in order. */
async function assertHasAll(device: RawClient, count: number): Promise<void> {
  await device.waitForAll(count, isStored, 'messages');
  await heartbeat(device);
  assert.deepEqual(
    device.packets.filter(isStored).map(({ seq }) => seq),
    Array.from({ length: count }, (_, index) => index + 1),
  );
}

async function assertTooMany(target: Target, user: string): Promise<void> {
  const client = await connect(target);
  const payload = { token: tokenOf(target.secret, user), device_id: 'one-more' };
  assertRefused(await client.request({ cmd: 1, payload }), 429);
  assert.equal((await client.closed).code, 4429);
}

async function leave(client: RawClient): Promise<void> {
  client.socket.close();
  await client.closed;
}

/** The server may notice a moment later than the client that a device has left. */
async function logInSoon(target: Target, user: string): Promise<void> {
  const payload = { token: tokenOf(target.secret, user), device_id: 'one-more' };
  const client = await eventually('the free place is taken', async () => {
    const newcomer = await connect(target);
    const { code } = await newcomer.request({ cmd: 1, payload });
    assert.ok(code === 0 || code === 429, `answered ${code}`);
    return code === 0 && newcomer;
  });
  await assertOpen(client);
}

test('two users may have the same device id; one user with it twice is taken over', async () => {
  const device = 'x';
  const [ann, bob] = [freshUser('ann'), freshUser('bob')];
  const [annFirst, bobOnly] = await Promise.all([
    logIn(target, { user: ann, device }),
    logIn(target, { user: bob, device }),
  ]);
  const conversation = p2p(ann, bob);
  await exchange(annFirst, bobOnly, conversation);

  const annAgain = await logIn(target, { user: ann, device });
  await event(annFirst, 'kicked');
  assert.equal((await annFirst.closed).code, 4409);
  await exchange(annAgain, bobOnly, conversation);
  for (const client of [annAgain, bobOnly]) {
    await assertOpen(client);
    assert.deepEqual(client.packets.filter(isEvent('kicked')), []);
  }
});

/** Each says something that the other gets. */
async function exchange(a: RawClient, b: RawClient, conversation: string): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const packet = chatPacket(conversation, `to ${to.userId}`);
    assert.equal((await from.request(packet)).code, 0);
    const arrived = await stored(to, packet.msg_id);
    assert.equal(arrived.payload.sender_id, from.userId);
  }
}

test('logins of one device at the same time leave exactly one of them', { timeout: TIMEOUT_MS }, async () => {
  const user = freshUser('user');
  const payload = { token: tokenOf(target.secret, user), device_id: 'x' };
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(target)));
  for (const client of clients) client.send({ cmd: 1, msg_id: 'login', payload });
  const left = () => clients.filter((client) => !client.close);
  while (left().length > 1) await Promise.race(left().map((client) => client.closed));
  const [last] = left();
  assert.ok(last);
  await last.waitFor(({ cmd, code }) => cmd === 1 && code === 0, 'the answer to its login');
  await assertOpen(last);
  for (const { close } of clients) assert.ok(close === undefined || close.code === 4409);
});
