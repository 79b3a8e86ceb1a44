import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { InputPacket, OutputPacket } from '../protocol/packets.ts';
import { Asker } from './asker.ts';
import type { Connection } from './connection.ts';
import { ConnectionLost, closedError, refusalError } from './errors.ts';
import { Pauses, realTimers } from './timers.ts';

const OK: OutputPacket = { cmd: 3, code: 0 };

type Outcome = OutputPacket | Error;

/** An asker whose connection answers as the test says, request by request. */
function createRig(outcome: (index: number, packet: InputPacket) => Outcome | Promise<Outcome>) {
  const rig = {
    asked: [] as InputPacket[],
    closes: 0,
    askingMax: 0,
    asking: 0,
    end: undefined as Error | undefined,
  };
  const connection = {
    async request(packet: InputPacket) {
      const index = rig.asked.push(packet) - 1;
      rig.asking += 1;
      rig.askingMax = Math.max(rig.askingMax, rig.asking);
      const result = await outcome(index, packet);
      rig.asking -= 1;
      if (result instanceof Error) throw result;
      return result;
    },
    close() {
      rig.closes += 1;
    },
  } as unknown as Connection;
  const pauses = new Pauses(realTimers);
  const online = async () => {
    if (rig.end) throw rig.end;
    return connection;
  };
  const asker = new Asker({ online, pauses, random: () => 0 });
  const ask = (cmd = 3) => asker.ask(() => ({ cmd }));
  return { rig, ask, asker, pauses };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const refused = (code: number, retryAfterMs?: number) =>
  refusalError(code, { retry_after_ms: retryAfterMs, message: 'no' });

describe('asker', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
  afterEach(() => mock.timers.reset());

  it('asks again on the next connection when one is lost, with the packet as it is then', async () => {
    const { rig, asker } = createRig((index) => (index < 2 ? new ConnectionLost() : OK));
    let made = 0;
    assert.equal(await asker.ask(() => ({ cmd: 6, seq: ++made })), OK);
    assert.deepEqual(
      rig.asked.map(({ seq }) => seq),
      [1, 2, 3],
    );
  });

  it('asks again after the time that a refusal named, not before', async () => {
    const { rig, ask } = createRig((index) => (index === 0 ? refused(503, 1_000) : OK));
    const answer = ask();
    await settle();
    mock.timers.tick(999);
    await settle();
    assert.equal(rig.asked.length, 1);
    mock.timers.tick(1);
    assert.equal(await answer, OK);
  });

  it('throws a refusal that asking again does not change', async () => {
    for (const code of [400, 403, 404, 409, 413]) {
      const { rig, ask } = createRig(() => refused(code));
      await assert.rejects(ask(), { code });
      assert.equal(rig.asked.length, 1);
    }
  });

  it('gives up a connection that takes it for not logged in', async () => {
    const { rig, ask } = createRig((index) => (index === 0 ? refused(401) : OK));
    assert.equal(await ask(), OK);
    assert.equal(rig.closes, 1);
  });

  it('asks a bounded number at once', async () => {
    const answers = Promise.withResolvers<OutputPacket>();
    const { rig, ask } = createRig(() => answers.promise);
    const all = Array.from({ length: 100 }, () => ask());
    await settle();
    assert.equal(rig.asked.length, 16);
    answers.resolve(OK);
    await Promise.all(all);
    assert.equal(rig.askingMax, 16);
    assert.equal(rig.asked.length, 100);
  });

  it('goes one at a time after "too fast", and nothing goes while it waits', async () => {
    let limited = true;
    const waiting: PromiseWithResolvers<OutputPacket>[] = [];
    const { rig, ask } = createRig(() => {
      if (limited) return refused(429, 500);
      const answer = Promise.withResolvers<OutputPacket>();
      waiting.push(answer);
      return answer.promise;
    });
    const all = Array.from({ length: 20 }, () => ask());
    await settle();
    assert.equal(rig.asked.length, 16, 'all that were let in at once are refused');
    limited = false;
    mock.timers.tick(1_499);
    await settle();
    assert.equal(rig.asked.length, 16);
    mock.timers.tick(1);
    await settle();
    assert.equal(rig.asked.length, 17);
    waiting.shift()?.resolve(OK);
    await settle();
    assert.equal(rig.asked.length, 19, 'one more with each success');
    while (waiting.length > 0) {
      waiting.shift()?.resolve(OK);
      await settle();
    }
    await Promise.all(all);
  });

  it('rejects at once when the client is closed during a wait', async () => {
    const { rig, ask, pauses } = createRig(() => refused(503, 60_000));
    const answer = ask();
    await settle();
    rig.end = closedError(1000, 'over');
    pauses.wakeAll();
    await assert.rejects(answer, { error: 'closed' });
  });
});
