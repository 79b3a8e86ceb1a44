import type { UserProfile, UserStore } from '../../ports/users.ts';
import { chunksOf } from '../chunks.ts';
import type { MysqlDatabase } from './mysql-database.ts';
import { INSERT_ROWS_MAX } from './mysql-rows.ts';

const PROFILE = 'SELECT user_id, nickname, last_ack_seq, inbox_epoch FROM user WHERE user_id = ?';

const SET_NICKNAME = `INSERT INTO user (user_id, nickname, last_ack_seq, inbox_epoch, created_at)
  VALUES (?, ?, 0, '', ?) AS v
  ON DUPLICATE KEY UPDATE nickname = v.nickname`;

/** Assignments take effect from left to right, so the epoch is compared before it is replaced. */
const ADVANCE = `INSERT INTO user (user_id, nickname, last_ack_seq, inbox_epoch, created_at) VALUES ? AS v
  ON DUPLICATE KEY UPDATE
    last_ack_seq = IF(user.inbox_epoch = v.inbox_epoch, GREATEST(user.last_ack_seq, v.last_ack_seq), v.last_ack_seq),
    inbox_epoch = v.inbox_epoch`;

export function createMysqlUsers(db: MysqlDatabase): UserStore {
  return {
    async profile(userId) {
      const [kept] = await db.rows<UserProfile>(PROFILE, [userId]);
      return kept ?? { user_id: userId, nickname: '', last_ack_seq: 0, inbox_epoch: '' };
    },

    async setNickname(userId, nickname, time) {
      await db.run(SET_NICKNAME, [userId, nickname, time]);
    },

    async advanceInboxCursors(moves) {
      if (moves.length === 0) return;
      const rows = moves
        .map(({ user_id, epoch, seq, time }) => [user_id, '', seq, epoch, time])
        .sort(([a], [b]) => (a! < b! ? -1 : 1));
      await db.transaction(async (tx) => {
        for (const chunk of chunksOf(rows, INSERT_ROWS_MAX)) await tx.run(ADVANCE, [chunk]);
      });
    },
  };
}
