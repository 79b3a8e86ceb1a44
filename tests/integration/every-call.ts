import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage } from '../contract/samples.ts';
import { headOf } from '../contract/timeline-fixture.ts';

const DIRECT = 'p2p:ann:bob';
const GROUP = 'group_g';

/** Each of the timeline's methods once, all of one conversation and one group. */
export function everyCall(timeline: Timeline): (() => Promise<unknown>)[] {
  const group = { group_id: GROUP, name: 'G', owner_id: 'ann', history: 'all', created_at: 1 } as const;
  const key = { group_id: GROUP, user_id: 'ann' };
  const cursor = { user_id: 'ann', conversation_id: DIRECT, ack_seq: 1, read_seq: 1 };
  const page = { conversationId: DIRECT, from: { afterSeq: 0 }, hiddenThrough: 0, limit: 5 };
  return [
    () => timeline.ping(),
    () => timeline.store([newMessage()], agree),
    () => timeline.findStored([newMessage()]),
    () => timeline.page(page),
    () => timeline.message(DIRECT, 1),
    () => timeline.recalledAmong([{ conversationId: DIRECT, seq: 1 }]),
    () => timeline.recall(DIRECT, 1, 5, () => 'digest'),
    () => headOf(timeline, DIRECT),
    () => timeline.advanceCursors([cursor]),
    () => timeline.memberCursors([DIRECT], 100),
    () => timeline.listConversations('ann', undefined, 5),
    () => timeline.sharingConversation('ann', ['bob']),
    () => timeline.createGroup(group, ['bob']),
    () => timeline.group(GROUP),
    () => timeline.member(GROUP, 'ann'),
    () => timeline.membersAmong([key]),
    () => timeline.groupsOf('ann'),
    () => timeline.members(GROUP, undefined, 5),
    () => timeline.changeGroup(GROUP, ['bob'], () => ({ steps: [], result: 0 })),
    () => timeline.profile('ann'),
    () => timeline.setNickname('ann', 'Ann', 1),
    () => timeline.advanceInboxCursors([{ user_id: 'ann', epoch: 'e', seq: 1, time: 1 }]),
  ];
}
