import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../../contract/wait.ts';
import { createGroup } from '../../harness/api.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { eventually } from '../../harness/eventually.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import { NO_PROMETHEUS, type Prometheus, type Series, startPrometheus } from '../../harness/prometheus.ts';
import { connect, type RawClient } from '../../harness/raw-client.ts';
import {
  ack,
  chatPacket,
  heartbeat,
  listConversations,
  logIn,
  pull,
  pullInbox,
  recall,
  say,
} from '../../harness/talk.ts';
import { RULE_FILES, shippedAlerts, shippedDashboards } from '../../observability/shipped.ts';

/** Grafana's window is four scrapes; Prometheus scrapes every second here. */
const WINDOW = '4s';
const PROCESSES = 5;
/** The objectives are evaluated every 30 s. */
const EVALUATED_MS_MAX = 90_000;
/** A selector in an expression, without the range behind it. */
const SELECTOR = /\b(?:im[:_]|nodejs_|process_)[\w:]+(?:\{[^}]*\})?/g;

const SKIP = NO_SERVERS || NO_PROMETHEUS;

describe('a Prometheus that scrapes a cluster', { skip: SKIP, timeout: 180_000 }, () => {
  let cluster: Cluster;
  let prometheus: Prometheus;

  before(async () => {
    cluster = await startCluster({
      gateways: 2,
      workers: 2,
      controllers: 1,
      env: { MESSAGES_PER_SECOND: '1000' },
    });
    const { gateways, workers, controllers } = cluster;
    prometheus = await startPrometheus({
      jobs: {
        seqline: [...gateways, ...workers, ...controllers].map(
          ({ internalUrl }) => new URL(internalUrl).host,
        ),
      },
      ruleFiles: RULE_FILES,
    });
    await eventually('all processes are scraped', async () => {
      const series = await prometheus.range('sum(im_build_info)');
      return series[0]?.values.at(-1)?.[1] === String(PROCESSES);
    });
    await talkWhileItIsScraped(cluster, prometheus);
  });

  after(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  for (const { file, panels } of shippedDashboards()) {
    test(`has data for every query of ${file}`, async () => {
      for (const { title, exprs } of panels) {
        for (const expr of exprs) await assertData(prometheus, expr, `${title}: ${expr}`);
      }
    });
  }

  test('evaluates every rule, and has data for what it asks', async () => {
    const rules = await prometheus.rules();
    assert.equal(rules.filter(({ type }) => type === 'alerting').length, shippedAlerts().length);
    for (const { name, type, query, health, lastError } of rules) {
      assert.equal(health, 'ok', `${name}: ${lastError}`);
      if (type === 'recording') await assertData(prometheus, name, name);
      for (const selector of query.match(SELECTOR)!)
        await assertData(prometheus, selector, `${name}: ${selector}`);
    }
  });
});

/** At least one number that is one: a rate of nothing, divided by nothing, is none. */
async function assertData(prometheus: Prometheus, expr: string, what: string): Promise<void> {
  const series = await prometheus.range(expr.replaceAll('$__rate_interval', WINDOW));
  assert.ok(hasNumber(series), `no data for ${what}`);
}

function hasNumber(series: Series[]): boolean {
  return series.some(({ values }) => values.some(([, value]) => Number.isFinite(Number(value))));
}

/** All that clients do, again and again, until it has been seen by some scrapes and evaluated by each rule. */
async function talkWhileItIsScraped(cluster: Cluster, prometheus: Prometheus): Promise<void> {
  const [alice, bob] = [await logIn(cluster), await logIn(cluster)];
  const group = await createGroup(cluster, alice.userId, [bob.userId]);
  const evaluated = async () => {
    await talk(cluster, alice, bob, group);
    const recorded = await prometheus.range('im:delivery_bad:ratio_rate3d and im:send_bad:ratio_rate3d');
    const rules = await prometheus.rules();
    return hasNumber(recorded) && rules.every(({ health }) => health !== 'unknown');
  };
  await until('every rule was evaluated after some talk', evaluated, EVALUATED_MS_MAX);
}

async function talk(cluster: Cluster, alice: RawClient, bob: RawClient, group: string): Promise<void> {
  const direct = p2p(alice.userId, bob.userId);
  for (const conversation of [direct, group]) {
    const packet = chatPacket(conversation, 'hello');
    const stored = await say(alice, conversation, 'hello', packet);
    await alice.request(packet);
    await ack(bob, conversation, stored.seq!, 'read');
    await pull(bob, conversation);
    await pull(bob, conversation, undefined, { before_seq: stored.seq });
    await recall(alice, conversation, stored.seq!);
  }
  await pullInbox(bob, bob.hello.inbox.epoch);
  await listConversations(bob);
  await heartbeat(alice);
  await pull(alice, `group_${freshUser('none')}`);
  const guest = await connect(cluster);
  await guest.request({ cmd: 1, payload: { token: 'none', device_id: 'd' } });
  await guest.closed;
}
