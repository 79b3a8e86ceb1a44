import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { OutputPacket } from '../protocol/packets.ts';
import { Connection } from './connection.ts';
import { realTimers } from './timers.ts';

const TIMEOUT_MS = 10_000;

/** A socket whose other end is the test. */
class FakeSocket extends EventTarget {
  readonly sent: string[] = [];
  closedWith: number | undefined;

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  tell(packet: OutputPacket): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(packet) }));
  }

  packets(): { cmd: number; msg_id: string }[] {
    return this.sent.map((text) => JSON.parse(text));
  }
}

function createRig() {
  const socket = new FakeSocket();
  const pushed: OutputPacket[] = [];
  const connection = new Connection({
    url: 'ws://localhost/ws',
    WebSocket: function fakeWebSocket() {
      return socket;
    } as unknown as typeof WebSocket,
    requestTimeoutMs: TIMEOUT_MS,
    timers: realTimers,
    onPacket: (packet) => pushed.push(packet),
  });
  socket.dispatchEvent(new Event('open'));
  return { socket, connection, pushed };
}

describe('connection', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }));
  afterEach(() => mock.timers.reset());

  it('gives each answer to its request, whatever their order', async () => {
    const { socket, connection } = createRig();
    const first = connection.request({ cmd: 3, msg_id: 'a' });
    const second = connection.request({ cmd: 3, msg_id: 'b' });
    socket.tell({ cmd: 3, code: 0, msg_id: 'b', seq: 2 });
    socket.tell({ cmd: 3, code: 0, msg_id: 'a', seq: 1 });
    assert.equal((await first).seq, 1);
    assert.equal((await second).seq, 2);
  });

  it('does not take a stored message for the answer to a chat with the same id', async () => {
    const { socket, connection, pushed } = createRig();
    const chat = connection.request({ cmd: 2, msg_id: 'same' });
    const pull = connection.request({ cmd: 3, msg_id: 'same' });
    socket.tell({ cmd: 2, code: 0, msg_id: 'same', seq: 9, payload: {} });
    assert.equal(pushed.length, 1);
    socket.tell({ cmd: 2, code: 0, msg_id: 'same', payload: { answer: true } });
    socket.tell({ cmd: 3, code: 0, msg_id: 'same', payload: { page: true } });
    assert.deepEqual((await chat).payload, { answer: true });
    assert.deepEqual((await pull).payload, { page: true });
  });

  it('rejects a refused request with what the server said', async () => {
    const { socket, connection } = createRig();
    const request = connection.request({ cmd: 2, msg_id: 'a' });
    const payload = { error: 'rate_limited', message: 'Slow down.', retry_after_ms: 40 };
    socket.tell({ cmd: 2, code: 429, msg_id: 'a', payload });
    await assert.rejects(request, {
      code: 429,
      error: 'rate_limited',
      message: 'Slow down.',
      retryAfterMs: 40,
    });
  });

  it('counts as dead when an answer stays out, and says so to all that wait', async () => {
    const { socket, connection } = createRig();
    const early = connection.request({ cmd: 3 });
    mock.timers.tick(TIMEOUT_MS - 1);
    const late = connection.request({ cmd: 3 });
    mock.timers.tick(1);
    await assert.rejects(early, { name: 'ConnectionLost' });
    await assert.rejects(late, { name: 'ConnectionLost' });
    assert.equal((await connection.ended).code, 1006);
    assert.equal(socket.closedWith, 1000);
    await assert.rejects(connection.request({ cmd: 3 }), { name: 'ConnectionLost' });
  });

  it('lives while anything arrives, as pages do on a slow link, but not without end', async () => {
    const { socket, connection } = createRig();
    const request = connection.request({ cmd: 3 });
    for (let i = 0; i < 6; i += 1) {
      mock.timers.tick(TIMEOUT_MS - 1_000);
      socket.tell({ cmd: 5, code: 0, payload: {} });
    }
    mock.timers.tick(TIMEOUT_MS * 6 - 6 * (TIMEOUT_MS - 1_000) - 1);
    assert.equal(socket.closedWith, undefined);
    mock.timers.tick(1);
    await assert.rejects(request, { name: 'ConnectionLost' });
  });

  it('does not die of a request that was answered', async () => {
    const { socket, connection } = createRig();
    const request = connection.request({ cmd: 3, msg_id: 'a' });
    socket.tell({ cmd: 3, code: 0, msg_id: 'a' });
    await request;
    mock.timers.tick(TIMEOUT_MS * 2);
    assert.equal(socket.closedWith, undefined);
  });

  it('ends with the code of the close that the server sent', async () => {
    const { socket, connection } = createRig();
    const close = Object.assign(new Event('close'), { code: 4409, reason: 'taken over' });
    socket.dispatchEvent(close);
    assert.deepEqual(await connection.ended, { code: 4409, reason: 'taken over' });
    await connection.closed;
  });

  it('beats at the interval it was told, one beat at a time, also when a beat is refused', async () => {
    const { socket, connection } = createRig();
    const heads: number[] = [];
    connection.startHeartbeat(30_000, ({ seq }) => heads.push(seq));
    mock.timers.tick(29_999);
    assert.equal(socket.sent.length, 0);
    mock.timers.tick(1);
    const [first] = socket.packets();
    assert.equal(first?.cmd, 0);
    socket.tell({ cmd: 0, code: 429, msg_id: first.msg_id });
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(30_000);
    const second = socket.packets()[1];
    const payload = { server_time: 1, inbox: { epoch: 'e', seq: 8 } };
    socket.tell({ cmd: 0, code: 0, msg_id: second!.msg_id, payload });
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(heads, [8]);
  });

  it('leaves no timer when it is closed', async () => {
    const { connection, socket } = createRig();
    connection.startHeartbeat(30_000, () => assert.fail('no heartbeat after the end'));
    connection.request({ cmd: 3 }).catch(() => undefined);
    connection.close();
    mock.timers.tick(300_000);
    assert.equal(socket.sent.length, 1);
    assert.equal(socket.closedWith, 1000);
  });

  it('refuses a packet that is larger than a frame may be, instead of losing the session over it', async () => {
    const { connection, socket } = createRig();
    const content = '\u0001'.repeat(16_384);
    await assert.rejects(connection.request({ cmd: 2, payload: { content } }), { code: 413 });
    assert.equal(socket.sent.length, 0);
  });

  it('ends where the socket does not open in time', async () => {
    const socket = new FakeSocket();
    const connection = new Connection({
      url: 'ws://localhost/ws',
      WebSocket: function fakeWebSocket() {
        return socket;
      } as unknown as typeof WebSocket,
      requestTimeoutMs: TIMEOUT_MS,
      timers: realTimers,
      onPacket: () => undefined,
    });
    mock.timers.tick(TIMEOUT_MS);
    await assert.rejects(connection.opened, { name: 'ConnectionLost' });
  });
});
