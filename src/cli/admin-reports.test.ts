import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuriedEvent, ConversationState, RouteState } from '../ports/operations.ts';
import { letterReport, listReport, replayReport } from './admin-dead-letters.ts';
import { conversationReport, inboxReport, lagReport, NOTHING_DONE, routesReport } from './admin-reports.ts';

const TIME = 1_790_000_000_000;

test('lag is told by partition and summed up', () => {
  const topic = 'im_msg_inbox';
  const { text } = lagReport([
    { topic, partition: 0, committed: null, end: 0, lag: 0, ageMs: null },
    { topic, partition: 1, committed: 5, end: 17, lag: 12, ageMs: 61_000 },
  ]);
  assert.deepEqual(text.split('\n'), [
    'TOPIC         PARTITION  COMMITTED  END  LAG  AGE',
    'im_msg_inbox          0          –    0    0  –',
    'im_msg_inbox          1          5   17   12  1 min',
    '',
    'Events that wait: 12, in 1 of 2 partitions; the oldest for 1 min.',
  ]);
});

const letter: BuriedEvent = {
  offset: 7,
  key: 'p2p:ada:bob',
  time: TIME,
  reason: 'failed',
  detail: 'Error: it\u001b failed',
  kind: 'chat',
  replayTo: 'messages',
  event: { kind: 'chat', content: 'a secret', odd: { content: ['another secret'] } },
};
const unknown: BuriedEvent = { ...letter, offset: 8, reason: 'bad_event', kind: null, replayTo: null };

test('a list of letters holds nothing of the events, and can be narrowed to a reason', () => {
  const { text, json } = listReport({ letters: [letter, unknown], next: 9 }, 'failed');
  assert.match(text, /^OFFSET .*\n +7 {2}2026-09-21T14:13:20.000Z {2}failed {2}chat {2}p2p:ada:bob/);
  assert.match(text, /go on with --from 9/);
  assert.doesNotMatch(text + JSON.stringify(json), /secret|bad_event/);
  assert.match(text, /Error: it\ufffd failed/);
  assert.match(listReport({ letters: [], next: null }).text, /no such dead letter/);
});

test('a letter hides what was written, wherever it stands, unless it is asked for', () => {
  const { text, json } = letterReport(letter, false);
  assert.doesNotMatch(text + JSON.stringify(json), /secret/);
  assert.match(text, /hidden: 8 characters/);
  const raw = letterReport({ ...unknown, event: 'broken {"content":"a secret"' }, false);
  assert.doesNotMatch(raw.text + JSON.stringify(raw.json), /secret/);
  assert.match(letterReport(letter, true).text, /a secret/);
});

test('a replay says what goes where, and without --yes that nothing was done', () => {
  const page = { letters: [letter, unknown], next: null };
  const dry = replayReport(page, false).text;
  assert.match(dry, /7 .*would be appended to messages\n/);
  assert.match(dry, /8 .*left: of no kind we know\n/);
  assert.ok(dry.endsWith(NOTHING_DONE));
  const done = replayReport(page, true).text;
  assert.match(done, /7 .*appended to messages\n/);
  assert.doesNotMatch(done, /would|Nothing/);
});

test('routes tell since when, and when their gateway was last seen', () => {
  const route: RouteState = {
    device_id: 'phone',
    gateway_id: 'gw-1',
    session_id: 's1',
    since: TIME,
    expires_at: TIME + 60_000,
    gateway_seen_at: TIME + 20_000,
    now: TIME + 25_000,
  };
  const { text } = routesReport('ada', [route, { ...route, device_id: 'desk', gateway_seen_at: null }]);
  assert.match(text, /\nphone +gw-1 +s1 +2026-09-21T14:13:20.000Z +35 s +5 s ago\n/);
  assert.match(text, /\ndesk .* never$/);
  assert.match(routesReport('ada', []).text, /ada is offline/);
});

test('an inbox that was not rebuilt is told apart from one that was', () => {
  const before = { epoch: 'old', seq: 12, length: 10 };
  assert.ok(inboxReport('ada', before).text.endsWith(NOTHING_DONE));
  assert.match(inboxReport('ada', before, { epoch: 'new', seq: 0 }).text, /The new epoch is new/);
  assert.match(inboxReport('ada', undefined).text, /ada has no inbox/);
});

const conversation: ConversationState = {
  conversation_id: 'p2p:ada:bob',
  group: null,
  head_seq: 2,
  counter: 2,
  cursors: [
    { user_id: 'ada', conversation_id: 'p2p:ada:bob', join_seq: 0, ack_seq: 2, read_seq: 1, own_seq: 0 },
  ],
  messages: [
    {
      conversation_id: 'p2p:ada:bob',
      seq: 2,
      msg_id: 'm2',
      sender_id: 'bob',
      msg_type: 1,
      send_time: TIME,
      client_time: null,
      recalled_at: null,
    },
  ],
};

test('a conversation shows head, counter, cursors and messages', () => {
  const { text } = conversationReport(conversation);
  assert.match(text, /Head in MySQL: 2. Counter in Redis: 2, the same./);
  assert.match(text, /\nada +0 +2 +1 +0\n/);
  assert.match(text, /\n +2 {2}bob +2026-09-21T14:13:20.000Z +1 {2}m2$/);
  const counterIs = (counter: number | null) => conversationReport({ ...conversation, counter }).text;
  assert.match(counterIs(null), /not there/);
  assert.match(counterIs(3), /3, ahead/);
  assert.match(counterIs(1), /1, behind/);
});

test('a group that is too large says so instead of showing no members', () => {
  const group = {
    group_id: 'group_a',
    name: 'All\nof us',
    owner_id: 'ada',
    history: 'all' as const,
    member_count: 5000,
    created_at: TIME,
  };
  const { text } = conversationReport({ ...conversation, group, cursors: [], messages: [] });
  assert.match(text, /Group "All of us" of ada, 5000 members/);
  assert.match(text, /too large to show its members/);
  assert.match(text, /No message yet/);
});
