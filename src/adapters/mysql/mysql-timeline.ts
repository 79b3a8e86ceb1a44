import type { Timeline } from '../../ports/timeline.ts';
import { createMysqlCursors } from './mysql-cursors.ts';
import { openMysql } from './mysql-database.ts';
import { createMysqlGroups } from './mysql-groups.ts';
import { createMysqlMessages } from './mysql-messages.ts';
import type { MysqlPoolOptions } from './mysql-pool.ts';
import { createMysqlUsers } from './mysql-users.ts';

export interface MysqlTimelineOptions extends MysqlPoolOptions {
  now?: () => number;
}

/** The timeline in a MySQL server whose schema `migrateMysql` made. Connects with the first call. */
export function createMysqlTimeline({ now = Date.now, ...options }: MysqlTimelineOptions): Timeline {
  const db = openMysql(options);
  return {
    ...createMysqlMessages(db, now),
    ...createMysqlCursors(db),
    ...createMysqlGroups(db, now),
    ...createMysqlUsers(db),
    async ping() {
      await db.run('DO 0');
    },
    async [Symbol.asyncDispose]() {
      await db.close();
    },
  };
}
