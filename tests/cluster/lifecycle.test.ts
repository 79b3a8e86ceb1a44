import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { launchChromium, skipReason } from '../browser/chromium.ts';
import { openWindow } from '../browser/window.ts';
import { until } from '../contract/wait.ts';
import type { Chatter } from '../faults/chatter.ts';
import { createRandom, seedOf } from '../faults/seeded-random.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { checkPromises, gather, greet, settle, untilSaid } from '../integration/cluster/crowd.ts';
import { type Bystanders, gatherBystanders } from './bystanders.ts';
import {
  helm,
  ingressTarget,
  kubectl,
  NAMESPACE,
  NO_CLUSTER,
  podsOf,
  prepareStores,
  RELEASE,
  redisCli,
  scale,
  settings,
  settled,
  TAG,
  TAG_BEFORE,
} from './installation.ts';

const SEED = seedOf(process.env.SEED);
const CHATTERS = Number(process.env.CHATTERS || 20);
const BYSTANDERS = Number(process.env.BYSTANDERS || 200);
const READY_MS_MAX = 180_000;
const FORGOTTEN_MS_MAX = 30_000;
const SETTLE_MS_MAX = 180_000;
/** Of all connections, those that may come back in one second of a rollout. */
const RECONNECTS_SHARE_MAX = 0.2;
/** Messages of each act, before and after what happens in it. */
const AROUND = 100;
const SAID_MS_MAX = 120_000;

/** Acts of one installation's life, one after the other; people talk through all of them. */
describe('an installation in Kubernetes', { skip: NO_CLUSTER, timeout: 3_000_000 }, () => {
  const target = ingressTarget();
  let crowd: Chatter[] = [];
  let bystanders: Bystanders | undefined;

  before(async () => {
    await prepareStores();
    await helm('uninstall', RELEASE, '--ignore-not-found', '--wait');
  });

  after(async () => {
    await Promise.all(crowd.map((chatter) => chatter.close()));
    await bystanders?.[Symbol.asyncDispose]();
  });

  /**
   * They talk, it happens, they talk on; nothing that was answered is lost, doubled or out of order. Gives how many
   * bystanders came back in each second of it.
   */
  async function underLoad(t: TestContext, happening: () => Promise<void>): Promise<number[]> {
    const said = () => crowd.reduce((sum, { sent }) => sum + sent.length, 0);
    try {
      for (const chatter of crowd) chatter.talk();
      await untilSaid(crowd, said() + AROUND, SAID_MS_MAX);
      bystanders!.takeReconnects();
      await happening();
      await untilSaid(crowd, said() + AROUND, SAID_MS_MAX);
      await settle(crowd, SETTLE_MS_MAX);
    } finally {
      // What an act that failed left talking would spoil the next one's judgement.
      for (const chatter of crowd) chatter.fallSilent();
    }
    await checkPromises(t, target, crowd);
    await until('all bystanders are back', () => bystanders!.connected() === BYSTANDERS, SETTLE_MS_MAX);
    assert.deepEqual(bystanders!.lost, []);
    const curve = bystanders!.takeReconnects();
    t.diagnostic(`reconnects of ${BYSTANDERS} by second: ${curve.join(' ')}`);
    return curve;
  }

  test('is ready within 3 minutes, and a message goes through the ingress', async (t) => {
    t.diagnostic(`SEED=${SEED} CHATTERS=${CHATTERS} BYSTANDERS=${BYSTANDERS} ${TAG_BEFORE} → ${TAG}`);
    const begun = performance.now();
    await helm('install', RELEASE, 'charts/seqline', ...settings(TAG_BEFORE));
    const tookMs = performance.now() - begun;
    t.diagnostic(`all ready after ${Math.round(tookMs / 1000)} s`);
    assert.ok(tookMs < READY_MS_MAX);
    t.diagnostic(await helm('test', RELEASE));
  });

  test('the page is usable through the ingress', { skip: skipReason }, async () => {
    const browser = await launchChromium();
    try {
      const names = ['alice', 'bob'].map(freshUser) as [string, string];
      const windows = await Promise.all(names.map(() => openWindow(browser, target.nextUrl())));
      for (const [i, { page }] of windows.entries()) {
        await page.getByTestId('sign-in-name').fill(names[i]!);
        await page.getByTestId('sign-in-name').press('Enter');
        await page.getByRole('heading', { name: names[i]! }).waitFor();
      }
      const [alice, bob] = windows as [(typeof windows)[0], (typeof windows)[0]];
      await alice.startChat(names[1]);
      await alice.say('Hello from a pod!');
      await bob.open(p2p(...names));
      await bob.say('And from another.');
      await alice.message('And from another.').waitFor();
      await alice.shot('cluster-page');
      assert.deepEqual([...alice.faults, ...bob.faults], []);
    } finally {
      await browser.close();
    }
  });

  test('people at two gateways talk with each other', async (t) => {
    const random = createRandom(SEED);
    const plan = { clients: CHATTERS, neighbours: 1, groups: 3, membersPerGroup: CHATTERS / 2, random };
    crowd = await gather(target, plan);
    await greet(crowd, SETTLE_MS_MAX);
    bystanders = await gatherBystanders(target, BYSTANDERS);
    await until('both gateways hold some of them', async () => {
      const counts = await redisCli('ZRANGEBYSCORE', 'im:gateways:connections', '1', '+inf');
      return counts.length === 2;
    });
    await underLoad(t, async () => {});
  });

  test('pods cost as many as they hold connections', async () => {
    await until(
      'costs are written',
      async () => (await podsOf('gateway')).every(({ deletionCost }) => deletionCost > 0),
      FORGOTTEN_MS_MAX,
    );
  });

  test('gateways scale from 2 to 4 to 2, and workers from 1 to 3, under load', async (t) => {
    await underLoad(t, async () => {
      await scale('worker', 1);
      await scale('gateway', 4);
      await scale('worker', 3);
      await scale('gateway', 2);
    });
  });

  test('a rolling upgrade under load loses nothing and disturbs few at a time', async (t) => {
    const curve = await underLoad(t, async () => {
      await helm('upgrade', RELEASE, 'charts/seqline', ...settings(TAG, again('upgrade')));
      await settled('gateway', 2);
    });
    const most = Math.max(...curve);
    assert.ok(most <= RECONNECTS_SHARE_MAX * BYSTANDERS, `${most} came back in one second`);
  });

  test('a gateway and a worker are killed under load; what led to the gateway is gone within 30 s', async (t) => {
    await underLoad(t, async () => {
      const [gateway, worker] = [(await podsOf('gateway'))[0]!, (await podsOf('worker'))[0]!];
      await kubectl('delete', 'pod', '--force', '--grace-period=0', gateway.name, worker.name);
      const known = async () => (await redisCli('ZRANGE', 'im:gateways', '0', '-1')).includes(gateway.name);
      await until('the dead gateway is forgotten', async () => !(await known()), FORGOTTEN_MS_MAX);
      assert.deepEqual(await routesTo(gateway.name), []);
      await settled('gateway', 2);
      await settled('worker', 2);
    });
  });

  test('the active controller is killed, and another goes on', async () => {
    const holder = () =>
      kubectl('get', 'lease', `${RELEASE}-seqline-controller`, '-o', 'jsonpath={.spec.holderIdentity}');
    const before = await holder();
    assert.notEqual(before, '');
    await kubectl('delete', 'pod', '--force', '--grace-period=0', before.split('_')[0]!);
    await until('another holds the Lease', async () => ![before, ''].includes(await holder()), 30_000);
  });

  test('a rollback under load loses nothing', async (t) => {
    await underLoad(t, async () => {
      await helm('rollback', RELEASE, '1', '--wait', '--timeout', '360s');
      await settled('gateway', 2);
    });
  });

  test('nothing is left when it is uninstalled', async () => {
    await Promise.all(crowd.map((chatter) => chatter.close()));
    await bystanders![Symbol.asyncDispose]();
    await helm('uninstall', RELEASE, '--wait');
    const kinds =
      'all,secrets,configmaps,serviceaccounts,roles,rolebindings,leases,ingresses,pdb,hpa,networkpolicies';
    const left = async () =>
      kubectl('get', kinds, '-l', `app.kubernetes.io/instance=${RELEASE}`, '-o', 'name');
    await until(`nothing of ${RELEASE} is left in ${NAMESPACE}`, async () => (await left()) === '', 90_000);
  });
});

/** Makes the pods new although nothing of theirs changed. */
function again(what: string): Record<string, string> {
  return Object.fromEntries(
    ['gateway', 'worker', 'controller'].map((one) => [`${one}.podAnnotations.reason`, what]),
  );
}

/** Users with a route to that gateway. */
async function routesTo(gateway: string): Promise<string[]> {
  const script = `local found = {}
for _, key in ipairs(redis.call('KEYS', 'im:conn:*')) do
  for _, value in ipairs(redis.call('HVALS', key)) do
    if cjson.decode(value).gateway_id == ARGV[1] then found[#found + 1] = key end
  end
end
return found`;
  return redisCli('EVAL', script, '0', gateway);
}
