import type { Timeline } from '../../ports/timeline.ts';
import { createSqliteCursors } from './sqlite-cursors.ts';
import { openSqlite } from './sqlite-database.ts';
import { createSqliteGroups } from './sqlite-groups.ts';
import { createSqliteMessages } from './sqlite-messages.ts';
import { TIMELINE_STEPS } from './sqlite-schema.ts';
import { createSqliteUsers } from './sqlite-users.ts';

export interface SqliteTimelineOptions {
  path: string;
  now?: () => number;
}

/** The timeline in one file. Its statements run on the caller's thread: each holds up the process while it lasts. */
export function createSqliteTimeline({ path, now = Date.now }: SqliteTimelineOptions): Timeline {
  const db = openSqlite({ path, store: 'timeline', steps: TIMELINE_STEPS });
  const ping = db.prepare('SELECT 1');
  return {
    ...createSqliteMessages(db, now),
    ...createSqliteCursors(db),
    ...createSqliteGroups(db, now),
    ...createSqliteUsers(db),
    async ping() {
      db.read(() => ping.get());
    },
    async [Symbol.asyncDispose]() {
      db.close();
    },
  };
}
