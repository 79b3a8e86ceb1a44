import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OpenTimeline } from './timeline-fixture.ts';

/** What every store of users does. `open` gives an empty timeline. */
export function usersContract(name: string, open: OpenTimeline): void {
  describe(`users contract: ${name}`, () => {
    test('a user needs no creation', async () => {
      await using fixture = await open();
      assert.deepEqual(await fixture.timeline.profile('ann'), profile());
    });

    test('a nickname can be set, and set again', async () => {
      await using fixture = await open();
      const { timeline } = fixture;
      await timeline.setNickname('ann', 'Änn \u{1f600} ', 1);
      assert.deepEqual(await timeline.profile('ann'), profile({ nickname: 'Änn \u{1f600} ' }));
      await timeline.setNickname('ann', '', 2);
      assert.deepEqual(await timeline.profile('ann'), profile());
      assert.deepEqual(await timeline.profile('Ann'), { ...profile(), user_id: 'Ann' });
    });

    test("an inbox's cursor moves forward only within an epoch, and another epoch replaces both", async () => {
      await using fixture = await open();
      const { timeline } = fixture;
      const after = async (epoch: string, seq: number) => {
        await timeline.advanceInboxCursors([{ user_id: 'ann', epoch, seq, time: 1 }]);
        const { inbox_epoch, last_ack_seq } = await timeline.profile('ann');
        return [inbox_epoch, last_ack_seq];
      };
      assert.deepEqual(await after('one', 5), ['one', 5]);
      assert.deepEqual(await after('one', 4), ['one', 5]);
      assert.deepEqual(await after('one', 9), ['one', 9]);
      assert.deepEqual(await after('two', 3), ['two', 3]);
      assert.deepEqual(await after('ONE', 1), ['ONE', 1]);
    });

    test('many inbox cursors move in one call', async () => {
      await using fixture = await open();
      const { timeline } = fixture;
      const moves = ['ann', 'bob', 'cid'].map((user_id, i) => ({ user_id, epoch: 'e', seq: i + 1, time: 1 }));
      await timeline.advanceInboxCursors(moves);
      await timeline.advanceInboxCursors([]);
      assert.equal((await timeline.profile('bob')).last_ack_seq, 2);
      assert.equal((await timeline.profile('cid')).last_ack_seq, 3);
    });

    test('nickname and cursor do not touch one another, and survive', async () => {
      await using fixture = await open();
      await fixture.timeline.advanceInboxCursors([{ user_id: 'ann', epoch: 'e', seq: 5, time: 1 }]);
      await fixture.timeline.setNickname('ann', 'Ann', 2);
      await fixture.timeline.advanceInboxCursors([{ user_id: 'ann', epoch: 'e', seq: 6, time: 3 }]);
      const timeline = await fixture.reopen();
      assert.deepEqual(
        await timeline.profile('ann'),
        profile({ nickname: 'Ann', last_ack_seq: 6, inbox_epoch: 'e' }),
      );
    });
  });
}

function profile(fields: { nickname?: string; last_ack_seq?: number; inbox_epoch?: string } = {}) {
  return { user_id: 'ann', nickname: '', last_ack_seq: 0, inbox_epoch: '', ...fields };
}
