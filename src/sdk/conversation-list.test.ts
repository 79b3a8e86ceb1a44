import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../protocol/message.ts';
import type { ConversationSummary } from '../protocol/packets.ts';
import { ConversationList } from './conversation-list.ts';

const ID = 'p2p:ann:bob';

function message(seq: number, changes: Partial<Message> = {}): Message {
  return {
    conversation_id: ID,
    seq,
    msg_id: `m${seq}`,
    sender_id: 'bob',
    msg_type: 1,
    content: `text ${seq}`,
    send_time: 1_000 + seq,
    status: 0,
    ...changes,
  };
}

function summary(changes: Partial<ConversationSummary> = {}): ConversationSummary {
  const base = { conversation_id: ID, type: 'direct' as const, head_seq: 5, ack_seq: 5, read_seq: 3 };
  return { ...base, unread: 2, last_message: message(5), ...changes };
}

/** The list of ann. */
function createList() {
  const rig = { changes: 0 };
  const list = new ConversationList(() => {
    rig.changes += 1;
  });
  list.loggedIn('ann');
  return { list, rig };
}

const receipt = { type: 'receipt', conversation_id: ID } as const;

describe('conversation list', () => {
  it('counts what others send as unread, and nothing up to one’s own message', () => {
    const { list } = createList();
    list.merge(summary(), 0);
    list.delivered(message(6));
    assert.equal(list.get(ID)?.unread, 3);
    list.delivered(message(7, { sender_id: 'ann' }));
    assert.equal(list.get(ID)?.unread, 0);
    list.delivered(message(8));
    const { unread, head_seq, ack_seq, read_seq, last_message } = list.get(ID)!;
    assert.deepEqual([unread, head_seq, ack_seq, read_seq, last_message?.seq], [1, 8, 7, 7, 8]);
  });

  it('keeps a count that the read cursor does not explain: joining and sending are reading too', () => {
    const { list } = createList();
    list.merge(summary({ head_seq: 40, read_seq: 0, unread: 1, last_message: message(40) }), 0);
    list.delivered(message(41));
    assert.equal(list.get(ID)?.unread, 2);
  });

  it('is not set back by a list that is older than a push which overtook it', () => {
    const { list } = createList();
    list.merge(summary(), 0);
    list.delivered(message(6));
    list.cursors(ID, 6, 6);
    const before = list.get(ID);
    list.merge(summary(), 0);
    assert.deepEqual(list.get(ID), before);
  });

  it('follows one’s own receipts from other devices, forward only', () => {
    const { list } = createList();
    list.merge(summary(), 0);
    list.receipt({ ...receipt, user_id: 'ann', ack_seq: 5, read_seq: 5 });
    list.receipt({ ...receipt, user_id: 'ann', ack_seq: 4, read_seq: 2 });
    const { unread, ack_seq, read_seq } = list.get(ID)!;
    assert.deepEqual([unread, ack_seq, read_seq], [0, 5, 5]);
  });

  it('raises the status of the last message with the receipts of others than its sender', () => {
    const { list } = createList();
    list.merge(summary({ last_message: message(5, { sender_id: 'ann' }) }), 0);
    const status = () => list.get(ID)?.last_message?.status;
    list.receipt({ ...receipt, user_id: 'ann', ack_seq: 5, read_seq: 5 });
    assert.equal(status(), 0);
    list.receipt({ ...receipt, user_id: 'bob', ack_seq: 5, read_seq: 4 });
    assert.equal(status(), 1);
    list.receipt({ ...receipt, user_id: 'bob', ack_seq: 5, read_seq: 5 });
    assert.equal(status(), 2);
    list.receipt({ ...receipt, user_id: 'bob', ack_seq: 5, read_seq: 4 });
    assert.equal(status(), 2);
  });

  it('does not call a group’s message read because one member read it', () => {
    const { list } = createList();
    const id = 'group_g';
    const last = message(5, { sender_id: 'ann', conversation_id: id });
    list.merge(summary({ conversation_id: id, type: 'group', last_message: last }), 0);
    list.receipt({ ...receipt, conversation_id: id, user_id: 'bob', ack_seq: 5, read_seq: 5 });
    assert.equal(list.get(id)?.last_message?.status, 1);
  });

  it('shows a recall of the last message, whichever of list and event comes first', () => {
    const { list } = createList();
    list.merge(summary(), 0);
    list.recall({ type: 'recall', conversation_id: ID, seq: 4, by: 'bob' });
    assert.equal(list.get(ID)?.last_message?.content, 'text 5');
    list.recall({ type: 'recall', conversation_id: ID, seq: 5, by: 'bob' });
    list.merge(summary(), 0);
    assert.equal(list.get(ID)?.last_message?.recalled, true);
    assert.equal(list.get(ID)?.last_message?.content, '');
  });

  it('is sorted by last activity; a conversation without messages keeps its place in the server’s list', () => {
    const { list } = createList();
    const other = (id: string, at: number) =>
      summary({ conversation_id: id, last_message: message(5, { conversation_id: id, send_time: at }) });
    list.merge(other('p2p:ann:cem', 3_000), 0);
    list.merge(summary({ conversation_id: 'group_new', type: 'group', last_message: null }), 2_500);
    list.merge(other('p2p:ann:dee', 2_000), 0);
    list.merge(summary(), 0);
    const ids = () => list.all.map((one) => one.conversation_id);
    assert.deepEqual(ids(), ['p2p:ann:cem', 'group_new', 'p2p:ann:dee', ID]);
    list.delivered(message(6, { send_time: 4_000 }));
    assert.equal(ids()[0], ID);
  });

  it('gives new objects for what changed, and the same for what did not', () => {
    const { list, rig } = createList();
    list.merge(summary(), 0);
    list.merge(summary({ conversation_id: 'p2p:ann:cem' }), 0);
    const [bob, cem] = [list.get(ID), list.get('p2p:ann:cem')];
    const all = list.all;
    assert.equal(list.all, all);
    const changes = rig.changes;
    list.delivered(message(6));
    assert.equal(rig.changes, changes + 1);
    assert.notEqual(list.get(ID), bob);
    assert.equal(bob?.head_seq, 5);
    assert.equal(list.get('p2p:ann:cem'), cem);
    assert.notEqual(list.all, all);
  });
});
