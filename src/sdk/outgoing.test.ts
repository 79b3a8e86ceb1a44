import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../protocol/message.ts';
import type { InputPacket, OutputPacket } from '../protocol/packets.ts';
import { closedError, refusalError } from './errors.ts';
import { OUTGOING_MAX, Outgoing } from './outgoing.ts';

const DIRECT = 'p2p:ann:bob';

interface Asked extends PromiseWithResolvers<OutputPacket> {
  packet: InputPacket;
}

interface ChatPayload {
  conversation_id: string;
  content: string;
}

/** Outgoing messages of ann, whose packets the test answers itself. */
function createRig() {
  const asked: Asked[] = [];
  const outgoing = new Outgoing({
    ask: (packet) => {
      const one = { ...Promise.withResolvers<OutputPacket>(), packet: packet() };
      asked.push(one);
      return one.promise;
    },
    placed: () => undefined,
    now: () => 77,
  });
  const payload = (index: number) => asked[index]?.packet.payload as ChatPayload;
  async function answer(index: number): Promise<void> {
    const answered = { conversation_id: payload(index).conversation_id, server_time: 500 + index };
    asked[index]?.resolve({ cmd: 2, code: 0, payload: answered });
    await new Promise((resolve) => setImmediate(resolve));
  }
  async function refuse(index: number, code: number): Promise<void> {
    asked[index]?.reject(refusalError(code, { message: 'no' }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const contents = () => asked.map((_, index) => payload(index).content);
  return { outgoing, asked, answer, refuse, contents, payload };
}

function stored(msgId: string, seq: number, changes: Partial<Message> = {}): Message {
  return {
    conversation_id: DIRECT,
    seq,
    msg_id: msgId,
    sender_id: 'ann',
    msg_type: 1,
    content: 'x',
    send_time: 900,
    status: 0,
    ...changes,
  };
}

describe('outgoing messages', () => {
  it('are sent when answered, and stored when seen', async () => {
    const { outgoing, asked, answer } = createRig();
    outgoing.loggedIn('ann');
    const handle = outgoing.send({ to: 'bob', content: 'hi' });
    assert.equal(handle.conversationId, DIRECT);
    assert.deepEqual(asked[0]?.packet, {
      cmd: 2,
      msg_id: handle.msgId,
      payload: { conversation_id: DIRECT, content: 'hi', send_time: 77 },
    });
    await answer(0);
    assert.deepEqual(await handle.sent, { conversationId: DIRECT, serverTime: 500 });
    const message = stored(handle.msgId, 3);
    outgoing.seen(message);
    assert.equal(await handle.stored, message);
  });

  it('wait for the login, in the order in which they were given, however they name the conversation', async () => {
    const { outgoing, answer, contents } = createRig();
    const first = outgoing.send({ to: 'bob', content: '1' });
    outgoing.send({ conversationId: DIRECT, content: '2' });
    assert.equal(first.conversationId, '');
    assert.deepEqual(contents(), []);
    outgoing.loggedIn('ann');
    assert.equal(first.conversationId, DIRECT);
    assert.deepEqual(contents(), ['1']);
    await answer(0);
    assert.deepEqual(contents(), ['1', '2']);
  });

  it('go one at a time in a conversation, and side by side in different ones', async () => {
    const { outgoing, answer, contents } = createRig();
    outgoing.loggedIn('ann');
    outgoing.send({ to: 'bob', content: 'b1' });
    outgoing.send({ to: 'bob', content: 'b2' });
    outgoing.send({ to: 'cem', content: 'c1' });
    assert.deepEqual(contents(), ['b1', 'c1']);
    await answer(1);
    assert.deepEqual(contents(), ['b1', 'c1']);
    await answer(0);
    assert.deepEqual(contents(), ['b1', 'c1', 'b2']);
  });

  it('reject for good, and let the next one go', async () => {
    const { outgoing, refuse, contents } = createRig();
    outgoing.loggedIn('ann');
    const handle = outgoing.send({ conversationId: 'group_g', content: '1' });
    outgoing.send({ conversationId: 'group_g', content: '2' });
    await refuse(0, 403);
    await assert.rejects(handle.sent, { name: 'SeqlineError', code: 403, error: 'forbidden' });
    await assert.rejects(handle.stored, { code: 403 });
    assert.deepEqual(contents(), ['1', '2']);
  });

  it('are both sent and stored once seen, though the answer was lost', async () => {
    const { outgoing } = createRig();
    outgoing.loggedIn('ann');
    const handle = outgoing.send({ to: 'bob', content: 'hi' });
    outgoing.seen(stored(handle.msgId, 1));
    assert.deepEqual(await handle.sent, { conversationId: DIRECT, serverTime: 900 });
    assert.equal((await handle.stored).seq, 1);
  });

  it('are not taken for stored by what another sent, or sent elsewhere, with the same id', async () => {
    const { outgoing, answer } = createRig();
    outgoing.loggedIn('ann');
    const handle = outgoing.send({ to: 'bob', content: 'hi', msgId: 'same' });
    await answer(0);
    outgoing.seen(stored('same', 1, { sender_id: 'bob' }));
    outgoing.seen(stored('same', 2, { conversation_id: 'p2p:ann:cem' }));
    outgoing.seen(stored('same', 3));
    assert.equal((await handle.stored).seq, 3);
  });

  it('are asked again after a reconnect while unseen, before what was given later', async () => {
    const { outgoing, answer, contents, asked } = createRig();
    outgoing.loggedIn('ann');
    const handles = ['1', '2', '3'].map((content) => outgoing.send({ to: 'bob', content }));
    for (const index of [0, 1, 2]) await answer(index);
    outgoing.loggedIn('ann');
    outgoing.seen(stored(handles[1]!.msgId, 2));
    outgoing.resendUnseen();
    outgoing.send({ to: 'bob', content: '4' });
    for (const index of [3, 4, 5]) await answer(index);
    assert.deepEqual(contents(), ['1', '2', '3', '1', '3', '4']);
    assert.equal(asked[3]?.packet.msg_id, handles[0]?.msgId);
  });

  it('are not asked again while the connection that answered them lives', async () => {
    const { outgoing, answer, contents } = createRig();
    outgoing.loggedIn('ann');
    outgoing.send({ to: 'bob', content: '1' });
    await answer(0);
    outgoing.resendUnseen();
    assert.deepEqual(contents(), ['1']);
  });

  it('reject as stored where the server says so after it answered', async () => {
    const { outgoing, answer } = createRig();
    outgoing.loggedIn('ann');
    const handle = outgoing.send({ to: 'bob', content: '1', msgId: 'm' });
    await answer(0);
    outgoing.rejected({
      type: 'rejected',
      msg_id: 'm',
      conversation_id: DIRECT,
      code: 409,
      error: 'conflict',
    });
    assert.equal((await handle.sent).conversationId, DIRECT);
    await assert.rejects(handle.stored, { code: 409, error: 'conflict' });
  });

  it('are one message when given twice with one id, and a conflict when they differ', async () => {
    const { outgoing, contents } = createRig();
    outgoing.loggedIn('ann');
    const first = outgoing.send({ to: 'bob', content: '1', msgId: 'm' });
    assert.equal(outgoing.send({ to: 'bob', content: '1', msgId: 'm' }), first);
    const other = outgoing.send({ to: 'bob', content: '2', msgId: 'm' });
    await assert.rejects(other.sent, { code: 409 });
    assert.deepEqual(contents(), ['1']);
  });

  it('are refused here where the server would count them as bad packets', async () => {
    const { outgoing, asked } = createRig();
    outgoing.loggedIn('ann');
    const bad = [
      { to: 'bob', content: '' },
      { to: 'bob', content: '\ud800' },
      { to: 'not a user', content: 'x' },
      { conversationId: 'p2p:bob:ann', content: 'x' },
      { to: 'bob', conversationId: DIRECT, content: 'x' },
      { content: 'x' },
      { to: 'bob', content: 'x', msgId: 'with space' },
    ];
    for (const message of bad) await assert.rejects(outgoing.send(message).sent, { code: 400 });
    await assert.rejects(outgoing.send({ to: 'bob', content: 'ü'.repeat(8_193) }).sent, { code: 413 });
    assert.equal(asked.length, 0);
  });

  it('have a bound', async () => {
    const { outgoing } = createRig();
    for (let i = 0; i < OUTGOING_MAX; i += 1) outgoing.send({ to: 'bob', content: 'x' });
    await assert.rejects(outgoing.send({ to: 'bob', content: 'x' }).sent, { code: 429 });
  });

  it('reject when the client ends, without an unhandled rejection for a promise nobody awaits', async () => {
    const { outgoing } = createRig();
    const unhandled: unknown[] = [];
    const listener = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', listener);
    outgoing.loggedIn('ann');
    const handle = outgoing.send({ to: 'bob', content: '1' });
    outgoing.close(closedError(1000, 'over'));
    await assert.rejects(handle.sent, { error: 'closed' });
    await assert.rejects(outgoing.send({ to: 'bob', content: '2' }).stored, { error: 'closed' });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    assert.deepEqual(unhandled, []);
  });
});
