/** Steps of the timeline's schema. A step that has been released is never changed; a change is a new step. */
export const TIMELINE_STEPS = [
  `
  CREATE TABLE timeline_message (
    conversation_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    msg_id TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    msg_type INTEGER NOT NULL,
    content TEXT NOT NULL,
    send_time INTEGER NOT NULL,
    client_time INTEGER,
    recalled_at INTEGER,
    content_digest TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (sender_id, msg_id)
  ) STRICT;

  -- A dissolved group has no row here; its messages stay, so that their (sender_id, msg_id) stay taken.
  CREATE TABLE conversation (
    conversation_id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    last_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE conversation_member (
    user_id TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    join_seq INTEGER NOT NULL,
    ack_seq INTEGER NOT NULL,
    read_seq INTEGER NOT NULL,
    own_seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, conversation_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX conversation_member_conversation ON conversation_member (conversation_id);

  CREATE TABLE user (
    user_id TEXT NOT NULL PRIMARY KEY,
    nickname TEXT NOT NULL,
    last_ack_seq INTEGER NOT NULL,
    inbox_epoch TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE "group" (
    group_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    history TEXT NOT NULL,
    member_count INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    dissolved_at INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE group_member (
    group_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    join_time INTEGER NOT NULL,
    join_seq INTEGER NOT NULL,
    muted_until INTEGER,
    PRIMARY KEY (group_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX group_member_user ON group_member (user_id);
  -- Finds who follows the owner.
  CREATE INDEX group_member_role ON group_member (group_id, role, join_time, user_id);
  `,
] as const;
