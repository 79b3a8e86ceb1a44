import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, type TestContext, test } from 'node:test';
import { openKubernetesApi } from '../../src/adapters/kubernetes/kubernetes-api.ts';
import { createKubernetesGatewayPods } from '../../src/adapters/kubernetes/kubernetes-gateway-pods.ts';
import { createKubernetesLease } from '../../src/adapters/kubernetes/kubernetes-lease.ts';
import { LEASE_TIMES } from '../../src/controller/candidacy.ts';
import { type Leadership, startLeadership } from '../../src/controller/leadership.ts';
import type { Lease } from '../../src/ports/lease.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { until } from '../contract/wait.ts';

const NO_API = !process.env.KUBECONFIG && 'set KUBECONFIG to a cluster in which a namespace may be made';
const namespace = `seqline-test-${randomBytes(4).toString('hex')}`;
const NAME = 'controller';

/** On the API server of a real cluster, in a namespace of the test's own. */
describe('controllers and the API server', { skip: NO_API, timeout: 240_000 }, () => {
  const api = NO_API ? undefined! : openKubernetesApi();
  const lease = () => createKubernetesLease({ api, namespace, name: NAME });

  before(async () => {
    await api.core.createNamespace({ body: { metadata: { name: namespace } } });
    await api.coordination.createNamespacedLease({ namespace, body: { metadata: { name: NAME } } });
  });
  after(() => api.core.deleteNamespace({ name: namespace }));

  test('one of two is active, and gives the Lease to the other when it ends', async (t) => {
    const [one, two] = [stand(t, 'one', lease()), stand(t, 'two', lease())];
    await until('one is active', () => one.isActive() !== two.isActive());
    const [active, standby] = one.isActive() ? [one, two] : [two, one];
    const ended = performance.now();
    await active[Symbol.asyncDispose]();
    assert.equal(active.isActive(), false);
    await until('the other is active', () => standby.isActive());
    assert.ok(performance.now() - ended < LEASE_TIMES.durationMs, 'it did not wait until the Lease lapsed');
    await standby[Symbol.asyncDispose]();
    const { spec } = await api.coordination.readNamespacedLease({ namespace, name: NAME });
    assert.equal(spec!.holderIdentity ?? '', '');
    assert.ok(spec!.leaseTransitions! >= 2);
  });

  test('who loses the API server is active no more before the other is, and comes back as a standby', async (t) => {
    const cut = cuttable(lease());
    const one = stand(t, 'one', cut);
    await until('one is active', () => one.isActive());
    const two = stand(t, 'two', lease());
    cut.isCut = true;
    await until(
      'two is active',
      () => {
        assert.ok(!(one.isActive() && two.isActive()), 'both are active');
        return two.isActive();
      },
      40_000,
    );
    cut.isCut = false;
    const asked = cut.reads;
    await until('one asks again', () => cut.reads > asked + 1);
    assert.deepEqual([one.isActive(), two.isActive()], [false, true]);
  });

  test('a write over what somebody else wrote is refused', async () => {
    const [mine, theirs] = [lease(), lease()];
    const record = { ...(await mine.read()), holder: 'me', durationMs: 1000 };
    await theirs.read();
    assert.ok(await mine.write(record));
    assert.equal(await theirs.write({ ...record, holder: 'them' }), undefined);
    assert.equal((await mine.read()).holder, 'me');
  });

  test('a Lease that is not there is told by its name', async () => {
    const missing = createKubernetesLease({ api, namespace, name: 'missing' });
    await assert.rejects(missing.read(), /no Lease missing in seqline-test-.*the chart makes it/);
  });

  test('costs of deletion are written to pods that are selected; one that is gone is no error', async () => {
    const pods = createKubernetesGatewayPods({ api, namespace, selector: 'component=gateway' });
    for (const [name, component] of [
      ['g1', 'gateway'],
      ['w1', 'worker'],
    ] as const) {
      await api.core.createNamespacedPod({
        namespace,
        body: {
          metadata: { name, labels: { component } },
          spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'none' }] },
        },
      });
    }
    assert.deepEqual(await pods.list(), [{ name: 'g1', deletionCost: 0 }]);
    await pods.setDeletionCost('g1', 42);
    assert.deepEqual(await pods.list(), [{ name: 'g1', deletionCost: 42 }]);
    await pods.setDeletionCost('gone', 1);
  });
});

function stand(t: TestContext, identity: string, lease: Lease): Leadership {
  const logger = createLogger('silent', {});
  const leadership = startLeadership({ lease, identity, logger, now: () => performance.now() });
  t.after(() => leadership[Symbol.asyncDispose]());
  return leadership;
}

/** The real one, with a connection that can be cut. */
function cuttable(lease: Lease) {
  const through = <T>(call: () => Promise<T>): Promise<T> =>
    state.isCut ? Promise.reject(new Error('the API server is out of reach')) : call();
  const state = {
    isCut: false,
    reads: 0,
    read: () => {
      state.reads += 1;
      return through(() => lease.read());
    },
    write: (record: Parameters<Lease['write']>[0]) => through(() => lease.write(record)),
  };
  return state;
}
