import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { until } from '../../contract/wait.ts';
import { apiOf } from '../../harness/api.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { freshMsgId, freshUser, p2p } from '../../harness/names.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../harness/otlp-receiver.ts';
import type { RawClient } from '../../harness/raw-client.ts';
import { chatPacket, event, logIn, stored } from '../../harness/talk.ts';
import { tokenOf } from '../../harness/tokens.ts';

const SECRET_TEXT = `nobody-reads-${randomBytes(8).toString('hex')}`;
/** Said in a row, so that a worker gets several at once. */
const BURST = 50;

describe('traces of a cluster, and its logs', { skip: NO_SERVERS, timeout: 180_000 }, () => {
  let cluster: Cluster;
  let otlp: OtlpReceiver;
  let [alice, bob] = [] as unknown as [RawClient, RawClient];

  before(async () => {
    otlp = await startOtlpReceiver();
    cluster = await startCluster({ gateways: 2, workers: 2, env: { ...otlp.env, LOG_LEVEL: 'trace' } });
    alice = await logIn(cluster, { user: freshUser('alice') });
    bob = await logIn(cluster, { user: freshUser('bob') });
  });

  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await otlp?.[Symbol.asyncDispose]();
  });

  test('hold a message together from its frame to both gateways', async (t) => {
    const { traceId, spanId, traceparent } = ownPlace();
    const packet = { ...chatPacket(p2p(alice.userId, bob.userId), SECRET_TEXT), traceparent };
    assert.equal((await alice.request(packet)).code, 0);
    await stored(bob, packet.msg_id);
    const ofIt = () => otlp.spans.filter((span) => span.traceId === traceId);
    await until('both deliveries were exported', () => named(ofIt(), 'deliver').length === 2);
    await until('its batch was exported', () => named(ofIt(), 'process im_msg_inbox').length === 1);
    await until('its frame was exported', () => named(ofIt(), 'frame chat').length === 1);
    const spans = ofIt();
    t.diagnostic(`\n${tree(spans, spanId)}`);

    const [frame] = named(spans, 'frame chat');
    const [send] = named(spans, 'send im_msg_inbox');
    const [process] = named(spans, 'process im_msg_inbox');
    const deliveries = named(spans, 'deliver');
    assert.deepEqual(place(frame!), ['seqline-gateway', 'server', spanId]);
    assert.equal(frame!.attributes['session.id'], alice.hello.session_id);
    assert.equal(frame!.attributes['messaging.message.id'], packet.msg_id);
    assert.deepEqual(place(send!), ['seqline-gateway', 'producer', frame!.spanId]);
    assert.deepEqual(place(process!), ['seqline-worker', 'consumer', send!.spanId]);
    assert.equal(process!.attributes['messaging.destination.name'], 'im_msg_inbox');
    for (const delivery of deliveries) {
      assert.deepEqual(place(delivery), ['seqline-gateway', 'consumer', process!.spanId]);
    }
    const calls = spans.filter(({ kind }) => kind === 'client');
    for (const name of ['mysql store', 'redis take', 'redis append', 'redis publish']) {
      assert.ok(named(calls, name).length > 0, `${name} is not in ${calls.map((call) => call.name)}`);
    }
    for (const call of calls) assert.equal(call.service, 'seqline-worker');
    assert.equal(new Set(deliveries.map(({ attributes }) => attributes['seqline.sockets'])).size, 1);
    assert.ok(spans.every(({ failed }) => !failed));
  });

  test('link the messages of a batch, each in a trace of its own', async () => {
    const places = Array.from({ length: BURST }, ownPlace);
    const conversation = p2p(alice.userId, bob.userId);
    const packets = places.map(({ traceparent }) => ({ ...chatPacket(conversation, 'hello'), traceparent }));
    await Promise.all(packets.map((packet) => alice.request(packet)));
    await Promise.all(packets.map(({ msg_id }) => stored(bob, msg_id)));
    const ids = new Set(places.map(({ traceId }) => traceId));
    const processed = () =>
      named(otlp.spans, 'process im_msg_inbox').filter(({ traceId }) => ids.has(traceId));
    await until('all were exported', () => new Set(processed().map(({ traceId }) => traceId)).size === BURST);
    const linked = processed().filter(({ links }) => links.length > 0);
    assert.ok(linked.length > 1, 'no batch held two of them');
    for (const { links, traceId } of linked) {
      for (const link of links) assert.ok(ids.has(link.traceId) && link.traceId !== traceId);
    }
    for (const { traceId } of places) {
      await until('each was delivered twice', () => {
        return named(otlp.spans, 'deliver').filter((span) => span.traceId === traceId).length === 2;
      });
    }
  });

  test('hear what failed, and not what was refused', async () => {
    const { traceId, traceparent } = ownPlace();
    const refused = {
      cmd: 3,
      msg_id: freshMsgId(),
      payload: { conversation_id: freshUser('none') },
      traceparent,
    };
    assert.equal((await alice.request(refused)).code, 400);
    await until('it was exported', () => otlp.spans.some((span) => span.traceId === traceId));
    const [frame] = otlp.spans.filter((span) => span.traceId === traceId);
    assert.equal(frame!.name, 'frame pull');
    assert.equal(frame!.attributes['error.type'], 'bad_packet');
    assert.equal(frame!.failed, false);
  });

  test('follow the wish of a client that is not to be sampled, and survive nonsense', async () => {
    const { traceId, traceparent } = ownPlace('00');
    const conversation = p2p(alice.userId, bob.userId);
    for (const value of [traceparent, 'nonsense', 7, null, `${traceparent}-more`]) {
      const packet = { ...chatPacket(conversation, 'hello'), traceparent: value };
      assert.equal((await alice.request(packet)).code, 0);
      await stored(bob, packet.msg_id);
    }
    assert.ok(!otlp.spans.some((span) => span.traceId === traceId));
  });

  test('are named in log lines; neither holds content, tokens or secrets', async () => {
    const token = tokenOf(cluster.secret, alice.userId);
    // One on each gateway: the second does not know what the first took.
    const [here, there] = [await logInAs(token), await logInAs(token)];
    const { traceId, traceparent } = ownPlace();
    const conversation = p2p(alice.userId, bob.userId);
    const first = chatPacket(conversation, `${SECRET_TEXT} 1`);
    assert.equal((await here.request(first)).code, 0);
    await stored(here, first.msg_id);
    const other = chatPacket(conversation, `${SECRET_TEXT} 2`, { msg_id: first.msg_id });
    assert.equal((await there.request({ ...other, traceparent })).code, 0);
    await event(there, 'rejected', { msg_id: first.msg_id });
    await apiOf(cluster, alice.userId).patch('/v1/me', { nickname: SECRET_TEXT });

    const told = () =>
      cluster
        .log()
        .split('\n')
        .find((line) => line.includes('dead letters') && line.includes(traceId));
    await until('the worker told of the dead letter', () => told() !== undefined);
    const { reason, span_id } = JSON.parse(told()!);
    assert.equal(reason, 'conflict');
    assert.match(span_id, /^[0-9a-f]{16}$/);
    for (const written of [cluster.log(), JSON.stringify(otlp.spans)]) {
      assert.ok(written.length > 1000);
      for (const secret of [SECRET_TEXT, token, cluster.secret]) assert.ok(!written.includes(secret));
    }
  });

  function logInAs(token: string): Promise<RawClient> {
    return logIn(cluster, { user: alice.userId, token });
  }
});

/** A place in a trace of the client's own. */
function ownPlace(flags = '01') {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

function named(spans: ReceivedSpan[], name: string): ReceivedSpan[] {
  return spans.filter((span) => span.name === name);
}

function place({ service, kind, parentSpanId }: ReceivedSpan) {
  return [service, kind, parentSpanId];
}

/** What it looks like, for docs/tracing.md. */
function tree(spans: ReceivedSpan[], parentSpanId: string, depth = 0): string {
  const start = Math.min(...spans.map(({ startMs }) => startMs));
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .sort((a, b) => a.startMs - b.startMs)
    .flatMap((span) => [
      [
        `${'  '.repeat(depth)}${span.name}`.padEnd(36),
        span.kind.padEnd(9),
        span.service.padEnd(16),
        `${(span.startMs - start).toFixed(1)} ms`.padStart(9),
        `+${(span.endMs - span.startMs).toFixed(1)} ms`.padStart(9),
      ].join(' '),
      ...tree(spans, span.spanId, depth + 1)
        .split('\n')
        .filter(Boolean),
    ])
    .join('\n');
}
