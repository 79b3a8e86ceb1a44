import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admin } from 'kafkajs';
import { partitionOffsets } from './kafka-offsets.ts';

const NAMES = { topic: 'a_topic', group: 'a-group' };
const OFFSETS = [{ topic: NAMES.topic, partitions: [{ partition: 0, offset: '3', metadata: null }] }];

/** As the client's errors are. */
function failure(message: string, retriable: boolean): Error {
  return Object.assign(new Error(message), { retriable });
}

/** Answers the first questions for offsets with these errors. */
function adminFailing(errors: Error[]): Admin {
  const admin: Pick<Admin, 'fetchOffsets' | 'fetchTopicOffsets'> = {
    async fetchOffsets() {
      const error = errors.shift();
      if (error) throw error;
      return OFFSETS;
    },
    fetchTopicOffsets: async () => [{ partition: 0, offset: '9', low: '1', high: '9' }],
  };
  return admin as Admin;
}

test('a coordinator that moves or loads is asked again', async () => {
  const errors = [1, 2].map(() => failure('not the coordinator', true));
  const places = await partitionOffsets(adminFailing(errors), NAMES);
  assert.deepEqual(places, [{ partition: 0, committed: 3, low: 1, end: 9 }]);
});

test('what will not pass by itself is told at once', async () => {
  const errors = [failure('not authorized', false)];
  await assert.rejects(partitionOffsets(adminFailing(errors), NAMES), /not authorized/);
});
