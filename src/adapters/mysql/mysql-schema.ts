/**
 * Steps of the schema: the statements that bring version i to i + 1. A step that has been released is never changed; a
 * change is a new step. MySQL commits each of these statements by itself, so a step may end half-way and run again as a
 * whole: every statement must do no harm the second time.
 *
 * Ids and all other text compare byte for byte (`utf8mb4_0900_bin`, which neither folds case nor pads with spaces).
 */
export const SCHEMA_STEPS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS timeline_message (
      conversation_id VARCHAR(133) NOT NULL,
      seq BIGINT NOT NULL,
      msg_id VARCHAR(64) NOT NULL,
      sender_id VARCHAR(64) NOT NULL,
      msg_type TINYINT UNSIGNED NOT NULL,
      content TEXT NOT NULL,
      send_time BIGINT NOT NULL,
      client_time BIGINT,
      recalled_at BIGINT,
      content_digest VARCHAR(64),
      created_at BIGINT NOT NULL,
      PRIMARY KEY (conversation_id, seq),
      UNIQUE KEY sender_message (sender_id, msg_id)
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_bin`,

    `CREATE TABLE IF NOT EXISTS conversation (
      conversation_id VARCHAR(133) NOT NULL PRIMARY KEY,
      type ENUM('direct', 'group') NOT NULL,
      last_seq BIGINT NOT NULL,
      last_time BIGINT NOT NULL,
      created_at BIGINT NOT NULL
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_bin
      COMMENT = 'A dissolved group has no row here. Its messages stay, so that their ids stay taken, and its members.'`,

    `CREATE TABLE IF NOT EXISTS conversation_member (
      user_id VARCHAR(64) NOT NULL,
      conversation_id VARCHAR(133) NOT NULL,
      join_seq BIGINT NOT NULL,
      ack_seq BIGINT NOT NULL,
      read_seq BIGINT NOT NULL,
      own_seq BIGINT NOT NULL,
      PRIMARY KEY (user_id, conversation_id),
      KEY conversation (conversation_id)
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_bin`,

    `CREATE TABLE IF NOT EXISTS user (
      user_id VARCHAR(64) NOT NULL PRIMARY KEY,
      nickname VARCHAR(128) NOT NULL,
      last_ack_seq BIGINT NOT NULL,
      inbox_epoch VARCHAR(64) NOT NULL,
      created_at BIGINT NOT NULL
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_bin`,

    `CREATE TABLE IF NOT EXISTS \`group\` (
      group_id VARCHAR(70) NOT NULL PRIMARY KEY,
      name VARCHAR(128) NOT NULL,
      owner_id VARCHAR(64) NOT NULL,
      history ENUM('all', 'joined') NOT NULL,
      member_count INT NOT NULL,
      created_at BIGINT NOT NULL,
      dissolved_at BIGINT
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_bin`,

    `CREATE TABLE IF NOT EXISTS group_member (
      group_id VARCHAR(70) NOT NULL,
      user_id VARCHAR(64) NOT NULL,
      role ENUM('owner', 'admin', 'member') NOT NULL,
      join_time BIGINT NOT NULL,
      join_seq BIGINT NOT NULL,
      muted_until BIGINT,
      PRIMARY KEY (group_id, user_id),
      KEY user (user_id),
      KEY heir (group_id, role, join_time, user_id)
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_bin`,
  ],
];
