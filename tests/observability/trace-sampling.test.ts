import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTracing, type Tracing } from '../../src/telemetry/tracing.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../harness/otlp-receiver.ts';

const FRAMES = 1000;
const RATIO = 0.25;
/** Seven standard deviations of what is drawn: one run in 10¹¹ is further off. */
const OFF_MAX = 7 * Math.sqrt(FRAMES * RATIO * (1 - RATIO));

let otlp: OtlpReceiver;
let tracing: Tracing;

before(async () => {
  otlp = await startOtlpReceiver();
  Object.assign(process.env, otlp.env);
  tracing = startTracing({ serviceName: 'seqline-test', version: '0', rootRatio: RATIO });
});

after(() => otlp[Symbol.asyncDispose]());

test('the share that is named of all traces that begin here, and what clients ask of theirs', async () => {
  const asked = { flags: '01', traceIds: new Set<string>() };
  const declined = { flags: '00', traceIds: new Set<string>() };
  for (let i = 0; i < FRAMES; i++) await frame();
  for (let i = 0; i < FRAMES / 10; i++) {
    for (const { flags, traceIds } of [asked, declined]) {
      const traceId = randomBytes(16).toString('hex');
      traceIds.add(traceId);
      await frame(`00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`);
    }
  }
  await tracing[Symbol.asyncDispose]();

  const traceIds = new Set(otlp.spans.map(({ traceId }) => traceId));
  for (const traceId of asked.traceIds) assert.ok(traceIds.has(traceId));
  for (const traceId of declined.traceIds) assert.ok(!traceIds.has(traceId));
  const drawn = traceIds.size - asked.traceIds.size;
  assert.ok(Math.abs(drawn - FRAMES * RATIO) <= OFF_MAX, `${drawn} of ${FRAMES}`);
  // Whole traces, or nothing of them.
  assert.equal(otlp.spans.length, traceIds.size * 2);
});

/** A frame, and within it a call to a store. */
function frame(traceparent?: string): Promise<void> {
  return tracing.frame({ cmd: 1, traceparent }, 'session', () =>
    tracing.call('redis', 'take', async () => {}),
  );
}
