import { CMD } from '../../src/protocol/packets.ts';
import { type NumberedFrames, numberedFrames } from './frames.ts';

/** About a hundred bytes. */
export const CONTENT =
  'A sentence of about a hundred bytes is what people send to one another when they chat all day long.';

/** Chats to one place, each with its number as its `msg_id`. */
export function chatFrames(place: { to: string } | { conversation_id: string }): NumberedFrames {
  return numberedFrames((number) =>
    JSON.stringify({ cmd: CMD.chat, msg_id: number, payload: { ...place, content: CONTENT } }),
  );
}
