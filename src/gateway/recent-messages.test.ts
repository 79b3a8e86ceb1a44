import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedAt, RecentMessages } from './recent-messages.ts';

test('a message sent again is accepted later than the first, also within one millisecond', () => {
  const recent = new RecentMessages();
  assert.equal(acceptedAt(recent.get('ann m1'), 1000), 1000);
  recent.add('ann m1', { digest: 'one', sendTime: 1000 });
  assert.equal(acceptedAt(recent.get('ann m1'), 1000), 1001);
  assert.equal(acceptedAt(recent.get('ann m1'), 999), 1001);
  assert.equal(acceptedAt(recent.get('ann m1'), 1500), 1500);
});

test('what was refused after all is forgotten', () => {
  const recent = new RecentMessages();
  recent.add('ann m1', { digest: 'one', sendTime: 1000 });
  recent.delete('ann m1');
  assert.equal(acceptedAt(recent.get('ann m1'), 1000), 1000);
});
