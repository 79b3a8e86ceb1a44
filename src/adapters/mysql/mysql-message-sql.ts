import type { StoredMessage } from '../../ports/messages.ts';

/** The fields of `StoredMessage`, of the table `t`. */
export const MESSAGE_COLUMNS = `t.conversation_id, t.seq, t.msg_id, t.sender_id, t.msg_type, t.content, t.send_time,
  t.client_time, t.recalled_at, t.content_digest`;

/** What a left join gives for a message: all null where there is none. */
export type MaybeMessage = StoredMessage | Record<keyof StoredMessage, null>;

export function isMessage(found: MaybeMessage): found is StoredMessage {
  return found.seq !== null;
}
