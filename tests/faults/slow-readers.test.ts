import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/protocol/limits.ts';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import { freshUser } from '../harness/names.ts';
import { isStored, type RawClient } from '../harness/raw-client.ts';
import { readMetric } from '../harness/read-metrics.ts';
import { createRestartableServer, type RestartableServer } from '../harness/restartable-server.ts';
import { chatPacket, logIn, stored } from '../harness/talk.ts';

const SLOW = 1000;
const READERS = 5;
const CONTENT = 'x'.repeat(LIMITS.textBytesMax);
/** What the kernel takes for a reader who reads nothing differs by machine; more than this it never is. */
const MESSAGES_MAX = 2000;
const LOGINS_AT_ONCE = 50;
/** Where all wait for the same frames, these are held once. */
const GROWTH_BYTES_MAX = 400 * 1024 * 1024;
const TIMEOUT_MS = 300_000;

test(`${SLOW} members of a group read nothing: they are sent away, and the others have everything`, {
  timeout: TIMEOUT_MS,
}, async (t) => {
  await using server = await createRestartableServer({
    MESSAGES_PER_SECOND: '1000',
    HEARTBEAT_INTERVAL_MS: String(TIMEOUT_MS),
    HEARTBEAT_TIMEOUT_MS: String(3 * TIMEOUT_MS),
  });
  await server.start();
  const slowUsers = Array.from({ length: SLOW }, () => freshUser('slow'));
  const [owner, ...others] = Array.from({ length: READERS }, () => freshUser('reader'));
  const group = await createGroup(server, owner!, slowUsers);
  for (const user of others) assertOk(await apiOf(server, owner!).put(`/v1/groups/${group}/members/${user}`));
  const slow = await logInMany(server, slowUsers);
  const readers = await logInMany(server, [owner!, ...others]);
  const before = await readMetric(server.internalUrl, 'process_resident_memory_bytes');
  for (const { socket } of slow) socket.pause();

  let said = 0;
  let peak = before;
  const sentAway = () => readMetric(server.internalUrl, 'im_gateway_closes_total{code="4413"}');
  while ((await sentAway()) < SLOW) {
    assert.ok(said < MESSAGES_MAX, `${await sentAway()} of ${SLOW} were sent away after ${said} messages`);
    const packet = chatPacket(group, CONTENT);
    assert.equal((await readers[0]!.request(packet)).code, 0);
    said += 1;
    for (const reader of readers) await stored(reader, packet.msg_id);
    peak = Math.max(peak, await readMetric(server.internalUrl, 'process_resident_memory_bytes'));
  }
  t.diagnostic(`after ${said} messages; memory grew by ${Math.round((peak - before) / 1e6)} MB at most`);
  assert.ok(peak - before < GROWTH_BYTES_MAX, `${peak - before} bytes`);
  for (const reader of readers) assert.equal(reader.packets.filter(isStored).length, said);
});

async function logInMany(server: RestartableServer, users: string[]): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let from = 0; from < users.length; from += LOGINS_AT_ONCE) {
    const some = users.slice(from, from + LOGINS_AT_ONCE);
    clients.push(...(await Promise.all(some.map((user) => logIn(server, { user })))));
  }
  return clients;
}
