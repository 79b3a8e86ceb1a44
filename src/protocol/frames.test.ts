import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerFrame, eventFrame, inboxFrames, messageFrame, refusalFrame } from './frames.ts';
import type { Message } from './message.ts';

const message: Message = {
  conversation_id: 'p2p:a:b',
  seq: 17,
  msg_id: 'm:1',
  sender_id: 'a',
  msg_type: 1,
  content: 'quote " backslash \\ newline \n snowman ☃',
  send_time: 1,
  status: 0,
};

test('frames are JSON of the documented form', () => {
  assert.deepEqual(JSON.parse(messageFrame(message)), {
    cmd: 2,
    code: 0,
    msg_id: 'm:1',
    seq: 17,
    payload: message,
  });
  assert.deepEqual(JSON.parse(inboxFrames(message)(3)).payload, { ...message, inbox_seq: 3 });
  assert.deepEqual(JSON.parse(eventFrame({ type: 'resync' })), {
    cmd: 5,
    code: 0,
    payload: { type: 'resync' },
  });
  assert.deepEqual(JSON.parse(answerFrame(4, 'x')), { cmd: 4, code: 0, msg_id: 'x' });
  assert.deepEqual(JSON.parse(answerFrame(0, undefined, { a: 1 }, 5)), {
    cmd: 0,
    code: 0,
    seq: 5,
    payload: { a: 1 },
  });
  const refusal = { error: 'rate_limited', message: 'Slow "down".', retry_after_ms: 20 } as const;
  assert.deepEqual(JSON.parse(refusalFrame(-1, undefined, refusal)), {
    cmd: -1,
    code: 429,
    payload: refusal,
  });
});
