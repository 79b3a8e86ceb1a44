import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from '../../src/protocol/message.ts';
import { type Copy, faultsOf, type Run, type SentMessage } from './history.ts';

const GROUP = 'group_g';
const LENGTH = 6;
/** Two senders in turn: messages 1, 3, 5 are ann's, 2, 4, 6 bob's. */
const senderOf = (seq: number) => (seq % 2 === 1 ? 'ann' : 'bob');

function message(seq: number): Message {
  return {
    conversation_id: GROUP,
    seq,
    msg_id: `m${seq}`,
    sender_id: senderOf(seq),
    msg_type: 1,
    content: `text ${seq}`,
    send_time: 1000 + seq,
    status: 0,
  };
}

function sent(seq: number, answered = true): SentMessage {
  const senderId = senderOf(seq);
  return {
    conversationId: GROUP,
    senderId,
    session: `${senderId}-1`,
    msgId: `m${seq}`,
    content: `text ${seq}`,
    answered,
    ...(answered ? { storedAs: seq } : {}),
  };
}

/** A run that keeps every promise. */
function correctRun(): Run {
  const seqs = Array.from({ length: LENGTH }, (_, index) => index + 1);
  const copy = (reader: string): Copy => ({ conversationId: GROUP, reader, messages: seqs.map(message) });
  return {
    sent: seqs.map((seq) => sent(seq)),
    histories: [copy('ann'), copy('bob'), copy('cas')],
    delivered: [copy('ann'), copy('bob'), copy('cas')],
  };
}

/** The numbers as they would be had the server stored just this. */
function renumber(messages: Message[]): Message[] {
  return messages.map((each, index) => ({ ...each, seq: index + 1 }));
}

const DAMAGES: Record<string, (messages: Message[]) => Message[]> = {
  dropped: (messages) => messages.toSpliced(2, 1),
  'dropped at the end': (messages) => messages.slice(0, -1),
  doubled: (messages) => messages.toSpliced(2, 0, messages[2]!),
  // Places 2 and 4 are of one sender: among different senders any order is a right one.
  swapped: (messages) => messages.with(1, messages[3]!).with(3, messages[1]!),
  'changed in content': (messages) => messages.with(2, { ...messages[2]!, content: 'other' }),
  'changed in sender': (messages) => messages.with(2, { ...messages[2]!, sender_id: 'cas' }),
  'changed in id': (messages) => messages.with(2, { ...messages[2]!, msg_id: 'other' }),
  'moved to another conversation': (messages) =>
    messages.with(2, { ...messages[2]!, conversation_id: 'group_h' }),
  'added by nobody': (messages) => messages.toSpliced(2, 0, { ...messages[2]!, msg_id: 'other' }),
};

test('a correct run has no fault', () => {
  assert.deepEqual(faultsOf(correctRun()), []);
});

describe('one message is, in the histories of all members and in all deliveries,', () => {
  for (const [name, damage] of Object.entries(DAMAGES)) {
    test(`${name}, with numbers that fit`, () => {
      const run = correctRun();
      for (const copy of [...run.histories, ...run.delivered])
        copy.messages = renumber(damage(copy.messages));
      assert.notDeepEqual(faultsOf(run), []);
    });
  }
});

for (const kind of ['histories', 'delivered'] as const) {
  describe(`one message is, in one copy of the ${kind} alone,`, () => {
    for (const [name, damage] of Object.entries(DAMAGES)) {
      // Readers ask for a conversation by its id and keep copies by that; where it is stored is seen in the histories.
      if (name === 'moved to another conversation') continue;
      for (const [numbers, after] of [
        ['as they were', (messages: Message[]) => messages],
        ['that fit', renumber],
      ] as const) {
        test(`${name}, with numbers ${numbers}`, () => {
          for (let index = 0; index < 3; index++) {
            const run = correctRun();
            const copy = run[kind][index]!;
            copy.messages = after(damage(copy.messages));
            assert.notDeepEqual(faultsOf(run), [], `copy ${index}`);
          }
        });
      }
    }
  });
}

test('numbers with a gap, though all members agree on them', () => {
  const run = correctRun();
  for (const copy of [...run.histories, ...run.delivered]) {
    copy.messages = copy.messages.map((each) => (each.seq > 3 ? { ...each, seq: each.seq + 1 } : each));
  }
  assert.notDeepEqual(faultsOf(run), []);
});

test('two messages of different senders in another order than live', () => {
  const run = correctRun();
  for (const copy of run.histories) {
    copy.messages = renumber(copy.messages.with(1, copy.messages[2]!).with(2, copy.messages[1]!));
  }
  assert.notDeepEqual(faultsOf(run), []);
});

test('a sender who was told another number', () => {
  const run = correctRun();
  run.sent[2]!.storedAs = 4;
  assert.notDeepEqual(faultsOf(run), []);
});

test('a conversation whose history nobody pulled', () => {
  const run = correctRun();
  run.histories = [];
  assert.notDeepEqual(faultsOf(run), []);
});

describe('an unanswered message', () => {
  function runWith(times: number): Run {
    const run = correctRun();
    run.sent.push(sent(LENGTH + 1, false));
    for (const copy of [...run.histories, ...run.delivered]) {
      const extra = Array.from({ length: times }, () => message(LENGTH + 1));
      copy.messages = renumber([...copy.messages, ...extra]);
    }
    return run;
  }

  test('may be absent', () => assert.deepEqual(faultsOf(runWith(0)), []));
  test('may be there once', () => assert.deepEqual(faultsOf(runWith(1)), []));
  test('is not there twice', () => assert.notDeepEqual(faultsOf(runWith(2)), []));
  test('keeps its place among what its session sent', () => {
    const run = runWith(1);
    for (const copy of [...run.histories, ...run.delivered]) {
      copy.messages = renumber([copy.messages.at(-1)!, ...copy.messages.slice(0, -1)]);
    }
    assert.notDeepEqual(faultsOf(run), []);
  });
});
