import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { launchChromium, skipReason } from '../../browser/chromium.ts';
import { openWindow } from '../../browser/window.ts';
import { until } from '../../contract/wait.ts';
import { NO_SERVERS, openStores } from '../../harness/cluster-stores.ts';
import { freePorts } from '../../harness/free-port.ts';

const SCRIPT = path.join(import.meta.dirname, '../../../scripts/cluster/main.ts');
const START_MS_MAX = 120_000;
/** Two gateways, two workers and a controller. */
const MEMBERS = 5;

test('npm run cluster says which servers it lacks', async () => {
  const script = run({ REDIS_URL: 'redis://127.0.0.1:6379' });
  assert.equal(await script.ended, 1);
  assert.match(script.output(), /Set MYSQL_URL, KAFKA_BROKERS, such as/);
});

test('the page talks across the gateways of npm run cluster, and Ctrl-C ends it in good order', {
  skip: NO_SERVERS || skipReason,
  timeout: 2 * START_MS_MAX,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const stores = stack.use(await openStores());
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'seqline-test-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const ports = await freePorts(2);
  const internalPorts = await freePorts(MEMBERS);
  const [PORT, INTERNAL_PORT] = [String(ports[0]), String(internalPorts[0])];
  const script = run({ ...stores.env, DATA_DIR: dataDir, PORT, INTERNAL_PORT });
  stack.defer(async () => {
    script.kill();
    await script.ended;
  });
  const greeted = () => script.output().includes('The cluster is ready');
  const gone = script.ended.then((code) => assert.fail(`ended with ${code}:\n${script.output()}`));
  await Promise.race([until('it is ready', greeted, START_MS_MAX), gone]);

  const browser = await launchChromium();
  stack.defer(() => browser.close());
  const alice = await openWindow(browser, `http://127.0.0.1:${ports[0]}/?user=alice`);
  const bob = await openWindow(browser, `http://127.0.0.1:${ports[1]}/?user=bob`);
  await alice.startChat('bob');
  await alice.say('Hello from the first gateway');
  await bob.open('p2p:alice:bob');
  await alice.marked('Hello from the first gateway', 'read');
  await bob.say('and hello from the second');
  await bob.marked('and hello from the second', 'read');
  await alice.message('and hello from the second').waitFor();
  await alice.page.getByText('Online').first().waitFor();
  const group = await alice.createGroup('Both gateways', ['bob']);
  await bob.open(group);
  await bob.say('One group, two gateways');
  await bob.marked('One group, two gateways', 'read');
  for (const [name, window] of [
    ['alice', alice],
    ['bob', bob],
  ] as const) {
    assert.deepEqual(window.faults, []);
    assert.deepEqual(await window.texts(), ['One group, two gateways']);
    await window.shot(`across-gateways-${name}`);
    await window.open('p2p:alice:bob');
    await window.message('Hello from the first gateway').waitFor();
    assert.deepEqual(await window.texts(), ['Hello from the first gateway', 'and hello from the second']);
    assert.deepEqual(await window.seqs(), [1, 2]);
  }

  gone.catch(() => {});
  script.interrupt();
  assert.equal(await script.ended, 0, script.output());
  for (const port of [...ports, ...internalPorts]) {
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`), `somebody listens at ${port}`);
  }
});

function run(env: Record<string, string>) {
  const child: ChildProcess = spawn(process.execPath, [SCRIPT], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  return {
    output: () => output,
    /** As Ctrl-C in a terminal that runs it by npm: the signal comes twice. */
    interrupt() {
      child.kill('SIGINT');
      child.kill('SIGINT');
    },
    kill: () => void child.kill('SIGTERM'),
    ended: once(child, 'exit').then(([code]) => code as number | null),
  };
}
