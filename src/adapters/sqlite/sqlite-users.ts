import type { UserProfile, UserStore } from '../../ports/users.ts';
import { getRow, type SqliteDatabase } from './sqlite-database.ts';

export function createSqliteUsers(db: SqliteDatabase): UserStore {
  const profile = db.prepare(
    'SELECT user_id, nickname, last_ack_seq, inbox_epoch FROM user WHERE user_id = ?',
  );
  const setNickname = db.prepare(
    `INSERT INTO user (user_id, nickname, last_ack_seq, inbox_epoch, created_at) VALUES (?, ?, 0, '', ?)
     ON CONFLICT DO UPDATE SET nickname = excluded.nickname`,
  );
  const advance = db.prepare(
    `INSERT INTO user (user_id, nickname, last_ack_seq, inbox_epoch, created_at) VALUES (?, '', ?, ?, ?)
     ON CONFLICT DO UPDATE SET last_ack_seq = excluded.last_ack_seq, inbox_epoch = excluded.inbox_epoch
     WHERE inbox_epoch <> excluded.inbox_epoch OR last_ack_seq < excluded.last_ack_seq`,
  );

  return {
    async profile(userId) {
      const kept = db.read(() => getRow<UserProfile>(profile, userId));
      return kept ?? { user_id: userId, nickname: '', last_ack_seq: 0, inbox_epoch: '' };
    },

    async setNickname(userId, nickname, time) {
      db.write(() => setNickname.run(userId, nickname, time));
    },

    async advanceInboxCursors(moves) {
      db.write(() => {
        for (const move of moves) advance.run(move.user_id, move.seq, move.epoch, move.time);
      });
    },
  };
}
