import { CODES } from './codes.ts';
import type { Message } from './message.ts';
import { CMD, type ServerEvent } from './packets.ts';
import type { RefusalPayload } from './refusal.ts';

/** The frames that the server writes, as JSON texts. What is interpolated is a number or an id of a safe alphabet. */

export function messageFrame(message: Message): string {
  return `${messageHead(message)}${JSON.stringify(message)}}`;
}

/** The frame of one message for several inboxes: serialized once, then given each inbox's own number. */
export function inboxFrames(message: Message): (inboxSeq: number) => string {
  const open = `${messageHead(message)}${JSON.stringify(message).slice(0, -1)},"inbox_seq":`;
  return (inboxSeq) => `${open}${inboxSeq}}}`;
}

function messageHead(message: Message): string {
  return `{"cmd":${CMD.chat},"code":0,"msg_id":"${message.msg_id}","seq":${message.seq},"payload":`;
}

export function eventFrame(event: ServerEvent): string {
  return `{"cmd":${CMD.event},"code":0,"payload":${JSON.stringify(event)}}`;
}

export function answerFrame(cmd: number, msgId: string | undefined, payload?: unknown, seq?: number): string {
  let frame = `{"cmd":${cmd},"code":${CODES.ok.code}`;
  if (msgId !== undefined) frame += `,"msg_id":"${msgId}"`;
  if (seq !== undefined) frame += `,"seq":${seq}`;
  if (payload !== undefined) frame += `,"payload":${JSON.stringify(payload)}`;
  return `${frame}}`;
}

export function refusalFrame(cmd: number, msgId: string | undefined, refusal: RefusalPayload): string {
  const id = msgId === undefined ? '' : `,"msg_id":"${msgId}"`;
  return `{"cmd":${cmd},"code":${CODES[refusal.error].code}${id},"payload":${JSON.stringify(refusal)}}`;
}
