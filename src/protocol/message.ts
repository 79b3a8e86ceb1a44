/** A message as clients see it, the same in a push, a page, an inbox and a list of conversations. */
export interface Message {
  conversation_id: string;
  /** Place in the conversation: 1, 2, 3 … without gaps. */
  seq: number;
  msg_id: string;
  sender_id: string;
  msg_type: MsgType;
  /** Text, or the URL of an image; empty once the message is recalled. */
  content: string;
  /** When the server accepted it, in milliseconds since 1970. */
  send_time: number;
  status: MessageStatus;
  /** The sender's own clock, if it sent one. */
  client_time?: number;
  /** Place in the receiver's inbox; direct messages by push or from the inbox only. */
  inbox_seq?: number;
  recalled?: true;
}

export const MSG_TYPE = { text: 1, image: 2 } as const;
export type MsgType = (typeof MSG_TYPE)[keyof typeof MSG_TYPE];

export const STATUS = { sent: 0, delivered: 1, read: 2 } as const;
export type MessageStatus = (typeof STATUS)[keyof typeof STATUS];
