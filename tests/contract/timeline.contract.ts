import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import { cursorsContract } from './cursors.contract.ts';
import { groupsContract } from './groups.contract.ts';
import { historyContract } from './history.contract.ts';
import { membershipContract } from './membership.contract.ts';
import { messagesContract } from './messages.contract.ts';
import { agree, newMessage } from './samples.ts';
import { headOf, type OpenTimeline } from './timeline-fixture.ts';
import { usersContract } from './users.contract.ts';

/** What every timeline does. `open` gives an empty one. */
export function timelineContract(name: string, open: OpenTimeline): void {
  messagesContract(name, open);
  historyContract(name, open);
  cursorsContract(name, open);
  groupsContract(name, open);
  membershipContract(name, open);
  usersContract(name, open);
  describe(`timeline contract: ${name}`, () => {
    test('it answers', async () => {
      await using fixture = await open();
      await fixture.timeline.ping();
    });

    test('after disposal it is unavailable', async () => {
      await using fixture = await open();
      const { timeline } = fixture;
      await timeline[Symbol.asyncDispose]();
      await timeline[Symbol.asyncDispose]();
      await assert.rejects(timeline.ping(), StoreUnavailable);
      await assert.rejects(timeline.store([newMessage()], agree), StoreUnavailable);
      await assert.rejects(headOf(timeline, 'p2p:ann:bob'), StoreUnavailable);
      await assert.rejects(timeline.profile('ann'), StoreUnavailable);
    });
  });
}
