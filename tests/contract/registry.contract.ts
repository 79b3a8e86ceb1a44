import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Registration, Registry, Route } from '../../src/ports/registry.ts';
import { bySession, range, route } from './samples.ts';

export interface RegistryFixture extends AsyncDisposable {
  registry: Registry;
  ttlMs: number;
  /** Lets this much time pass for the registry. */
  elapse(ms: number): Promise<void>;
  now(): number;
  /** Loses everything, as a cache does that is started anew; the registry is then this one. */
  lose(): Promise<Registry>;
}

const MANY = 100;

/** What every registry does. `open` gives an empty one. */
export function registryContract(name: string, open: () => Promise<RegistryFixture>): void {
  describe(`registry contract: ${name}`, () => {
    registering(open);
    limiting(open);
    refreshing(open);
    leaving(open);
    presence(open);
  });
}

type Open = () => Promise<RegistryFixture>;

function registering(open: Open): void {
  test('its clock goes forward with time', async () => {
    await using fixture = await open();
    const before = await fixture.registry.now();
    await fixture.elapse(50);
    const passedMs = (await fixture.registry.now()) - before;
    assert.ok(Number.isInteger(before));
    assert.ok(passedMs >= 50 && passedMs < 60_000, `${passedMs} ms`);
  });

  test('the first device of a user comes, a further one does not', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    assertRegistered(await registry.register(route('phone', 's1'), MANY), { came: true });
    assertRegistered(await registry.register(route('laptop', 's2'), MANY), { came: false });
    assertRegistered(await registry.register(route('phone', 's3', 'bob'), MANY), { came: true });
  });

  test('routes are those of the users asked for; who is offline is absent', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    const [phone, laptop, bobs] = [route('phone', 's1'), route('laptop', 's2'), route('phone', 's3', 'bob')];
    for (const one of [phone, laptop, bobs]) await registry.register(one, MANY);
    const routes = await registry.routes(['ann', 'bob', 'cid']);
    assert.deepEqual([...routes.keys()].sort(), ['ann', 'bob']);
    assert.deepEqual(bySession(routes.get('ann')), [phone, laptop]);
    assert.deepEqual(routes.get('bob'), [bobs]);
    assert.deepEqual(await registry.routes([]), new Map());
  });

  test('a newer session takes over the device, also on another gateway', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    const older = route('phone', 's1');
    const newer = { ...route('phone', 's2'), gateway_id: 'gateway-2' };
    await registry.register(older, MANY);
    assertRegistered(await registry.register(newer, MANY), { came: false, replaced: older });
    assert.deepEqual((await registry.routes(['ann'])).get('ann'), [newer]);
  });

  test('an older session that comes late is superseded', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    const newer = route('phone', 's2');
    await registry.register(newer, MANY);
    assert.deepEqual(await registry.register(route('phone', 's1'), MANY), { outcome: 'superseded' });
    assert.deepEqual((await registry.routes(['ann'])).get('ann'), [newer]);
  });

  test('of sessions that register at the same time the newest holds the device', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    const sessions = ['s3', 's1', 's5', 's2', 's4'].map((sessionId) => route('phone', sessionId));
    const outcomes = await Promise.all(sessions.map((one) => registry.register(one, MANY)));
    assert.deepEqual((await registry.routes(['ann'])).get('ann'), [route('phone', 's5')]);
    assert.equal(outcomes.filter((o) => o.outcome === 'registered' && o.came).length, 1);
  });

  test('a session that registers again changes nothing', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    await registry.register(route('phone', 's1'), MANY);
    assertRegistered(await registry.register(route('phone', 's1'), MANY), { came: false });
    assert.deepEqual((await registry.routes(['ann'])).get('ann'), [route('phone', 's1')]);
  });
}

function limiting(open: Open): void {
  test('one device more than allowed is refused; a device that is there may be taken over', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    await registry.register(route('one', 's1'), 2);
    await registry.register(route('two', 's2'), 2);
    assert.deepEqual(await registry.register(route('three', 's3'), 2), { outcome: 'full' });
    assert.deepEqual(await registry.register(route('two', 's0'), 2), { outcome: 'superseded' });
    assertRegistered(await registry.register(route('two', 's4'), 2), {
      came: false,
      replaced: route('two', 's2'),
    });
    assert.deepEqual(bySession((await registry.routes(['ann'])).get('ann')), [
      route('one', 's1'),
      route('two', 's4'),
    ]);
  });

  test('there is room again after a device has left or lapsed', async () => {
    await using fixture = await open();
    const { registry, ttlMs } = fixture;
    await registry.register(route('one', 's1'), 1);
    await registry.unregister(route('one', 's1'));
    assertRegistered(await registry.register(route('two', 's2'), 1), { came: true });
    await fixture.elapse(ttlMs + 1);
    assertRegistered(await registry.register(route('three', 's3'), 1), { came: true });
  });

  test('devices that register at the same time stay within the limit', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    const outcomes = await Promise.all(
      range(1, 20).map((i) => registry.register(route(`d${i}`, `s${i}`), 5)),
    );
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'registered').length, 5);
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'full').length, 15);
    assert.equal(outcomes.filter((o) => o.outcome === 'registered' && o.came).length, 1);
    assert.equal((await registry.routes(['ann'])).get('ann')?.length, 5);
  });
}

function refreshing(open: Open): void {
  test('a route that is not refreshed lapses; one that is stays', async () => {
    await using fixture = await open();
    const { registry, ttlMs } = fixture;
    await registry.register(route('kept', 's1'), MANY);
    await registry.register(route('lapsing', 's2'), MANY);
    await registry.register(route('lapsing', 's3', 'bob'), MANY);
    await fixture.elapse(ttlMs * 0.6);
    assert.deepEqual(await registry.refresh([route('kept', 's1')]), []);
    await fixture.elapse(ttlMs * 0.6);
    const routes = await registry.routes(['ann', 'bob']);
    assert.deepEqual(routes, new Map([['ann', [route('kept', 's1')]]]));
  });

  test('a user whose routes lapsed comes again', async () => {
    await using fixture = await open();
    await fixture.registry.register(route('phone', 's1'), MANY);
    await fixture.elapse(fixture.ttlMs + 1);
    assertRegistered(await fixture.registry.register(route('phone', 's2'), MANY), { came: true });
  });

  test('lost routes are put back', async () => {
    await using fixture = await open();
    const routes = [route('phone', 's1'), route('laptop', 's2'), route('phone', 's3', 'bob')];
    for (const one of routes) await fixture.registry.register(one, MANY);
    const registry = await fixture.lose();
    assert.deepEqual(await registry.routes(['ann', 'bob']), new Map());
    assert.deepEqual(await registry.refresh(routes), []);
    assert.deepEqual(bySession([...(await registry.routes(['ann', 'bob'])).values()].flat()), routes);
  });

  test('a route whose device a newer session holds is returned and not put back', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    const newer = route('phone', 's2');
    await registry.register(newer, MANY);
    const returned = await registry.refresh([route('phone', 's1'), route('laptop', 's3')]);
    assert.deepEqual(returned, [route('phone', 's1')]);
    assert.deepEqual(bySession((await registry.routes(['ann'])).get('ann')), [newer, route('laptop', 's3')]);
  });

  test('a route that is newer than the one that holds the device is put in its place', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    await registry.register(route('phone', 's1'), MANY);
    assert.deepEqual(await registry.refresh([route('phone', 's2')]), []);
    assert.deepEqual((await registry.routes(['ann'])).get('ann'), [route('phone', 's2')]);
  });
}

function leaving(open: Open): void {
  test('a user leaves with the last device', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    await registry.register(route('phone', 's1'), MANY);
    await registry.register(route('laptop', 's2'), MANY);
    assert.deepEqual(await registry.unregister(route('phone', 's1')), { left: false });
    assert.deepEqual((await registry.routes(['ann'])).get('ann'), [route('laptop', 's2')]);
    assert.deepEqual(await registry.unregister(route('laptop', 's2')), { left: true });
    assert.deepEqual(await registry.unregister(route('laptop', 's2')), { left: false });
    assert.deepEqual(await registry.routes(['ann']), new Map());
  });

  test('a session that no longer holds the device removes nothing', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    await registry.register(route('phone', 's1'), MANY);
    await registry.register(route('phone', 's2'), MANY);
    assert.deepEqual(await registry.unregister(route('phone', 's1')), { left: false });
    assert.deepEqual((await registry.routes(['ann'])).get('ann'), [route('phone', 's2')]);
    assert.deepEqual(await registry.unregister(route('phone', 's9', 'nobody')), { left: false });
  });
}

function presence(open: Open): void {
  test('presence tells devices, and when somebody was last seen', async () => {
    await using fixture = await open();
    const { registry } = fixture;
    const presenceOfAnn = async () => (await registry.presence(['ann'])).get('ann')!;
    assert.deepEqual(await presenceOfAnn(), { online: false, devices: 0, lastSeen: null });
    await registry.register(route('phone', 's1'), MANY);
    await registry.register(route('laptop', 's2'), MANY);
    const online = await presenceOfAnn();
    assert.equal(online.online, true);
    assert.equal(online.devices, 2);
    assertTime(online.lastSeen, fixture.now(), fixture.now());
    await registry.unregister(route('phone', 's1'));
    assert.equal((await presenceOfAnn()).devices, 1);
    await registry.unregister(route('laptop', 's2'));
    const left = fixture.now();
    await fixture.elapse(50);
    const offline = await presenceOfAnn();
    assert.equal(offline.online, false);
    assert.equal(offline.devices, 0);
    assertTime(offline.lastSeen, left, left);
  });

  test('a user whose routes lapsed was seen when they were refreshed last, or later', async () => {
    await using fixture = await open();
    const { registry, ttlMs } = fixture;
    await registry.register(route('phone', 's1'), MANY);
    await fixture.elapse(ttlMs * 0.6);
    await registry.refresh([route('phone', 's1')]);
    const refreshed = fixture.now();
    await fixture.elapse(ttlMs + 1);
    const { online, devices, lastSeen } = (await registry.presence(['ann'])).get('ann')!;
    assert.deepEqual({ online, devices }, { online: false, devices: 0 });
    assertTime(lastSeen, refreshed, fixture.now());
  });

  test('there is an entry for each user asked for', async () => {
    await using fixture = await open();
    await fixture.registry.register(route('phone', 's1'), MANY);
    const states = await fixture.registry.presence(['cid', 'ann', 'bob']);
    assert.deepEqual([...states.keys()].sort(), ['ann', 'bob', 'cid']);
    assert.deepEqual([...states.values()].filter(({ online }) => online).length, 1);
  });
}

function assertRegistered(registration: Registration, expected: { came: boolean; replaced?: Route }): void {
  assert.equal(registration.outcome, 'registered');
  assert.equal(registration.came, expected.came);
  assert.deepEqual(registration.replaced, expected.replaced);
}

/** Clocks of a store and of the test may differ a little. */
const CLOCKS_DIFFER_MS = 1000;

function assertTime(actual: number | null, from: number, to: number): void {
  assert.ok(
    actual !== null && actual >= from - CLOCKS_DIFFER_MS && actual <= to + CLOCKS_DIFFER_MS,
    `time ${actual}`,
  );
}
