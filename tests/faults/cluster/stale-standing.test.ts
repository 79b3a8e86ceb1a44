import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../contract/wait.ts';
import { apiOf, createGroup } from '../../harness/api.ts';
import { freshUser } from '../../harness/names.ts';
import { chatPacket, logIn, sayAll } from '../../harness/talk.ts';
import { NO_TOXIPROXY } from '../../harness/toxiproxy.ts';
import { NO_ARENA, openArena } from '../nemesis/arena.ts';
import { pullHistory } from '../pull-history.ts';

const BEFORE = ['one', 'two'];
const BURST = 50;
const LAST = 'after all that';

test('a gateway that cannot hear of a removal takes what the member sends, and the worker refuses it', {
  skip: NO_ARENA || NO_TOXIPROXY,
  timeout: 180_000,
}, async () => {
  await using arena = await openArena();
  const { cluster } = arena;
  const [owner, member] = [freshUser('owner'), freshUser('member')];
  const group = await createGroup(cluster, owner, [member]);
  const api = apiOf(cluster, owner);
  const [first, second] = cluster.gateways;
  const olga = await logIn(cluster, { user: owner, url: first!.url });
  const max = await logIn(cluster, { user: member, url: second!.url });
  await sayAll(max, group, BEFORE);

  const heal = await arena.wayFaults.find(({ name }) => name === 'cut of gateways-redis')!.begin();
  const packets = Array.from({ length: BURST }, (_, i) => chatPacket(group, `number ${i}`));
  try {
    // It is carried out, whether or not the others can be told of it.
    await api.delete(`/v1/groups/${group}/members/${member}`);
    const { body } = await api.get(`/v1/groups/${group}/members`);
    assert.deepEqual(
      body.members.map(({ user_id }: { user_id: string }) => user_id),
      [owner],
    );
    for (const packet of packets) assert.equal((await max.request(packet)).code, 0);
  } finally {
    await heal();
  }
  await arena.recovered();
  // What was said to this conversation before is done with when this is stored. That it is pushed is not promised yet: a
  // gateway is ready before it hears from all groups again, and then tells its clients to pull.
  assert.equal((await olga.request(chatPacket(group, LAST))).code, 0);
  const history = () => pullHistory(cluster, owner, group);
  await until('the last is stored', async () => (await history()).messages.at(-1)?.content === LAST);
  const { messages } = await history();
  assert.deepEqual(
    messages.filter(({ sender_id }) => sender_id === member).map(({ content }) => content),
    BEFORE,
  );
});
