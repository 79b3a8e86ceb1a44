import { directConversationId } from '../../../src/protocol/ids.ts';
import { CMD } from '../../../src/protocol/packets.ts';
import { chatFrames } from '../chat-frames.ts';
import { type FrameClient, openMany } from '../frame-client.ts';
import type { NumberedFrames } from '../frames.ts';
import { type Load, until } from '../rates.ts';
import { acceptedPrefix, type Door, logIn, refused } from '../seqline-client.ts';
import type { Seeded } from './seed.ts';

/**
 * Messages of each sender that did not come back yet: no more than each has conversations where there are fewest, so
 * that a batch concerns as many people where there are a hundred times more.
 */
const WINDOW = 10;
const PREFIX = acceptedPrefix(CMD.chat);
/** A stored message has its `seq` where an answer goes on with its payload; ids of messages are ten digits. */
const STORED = '"seq"';
const STORED_AT = `${PREFIX}"msg_id":"0000000000",`.length;

interface Sender {
  client: FrameClient;
  /** For each conversation. */
  frames: NumberedFrames[];
  sent: number;
}

/** People who each write in turn to many others, of whom each has one conversation and none is connected. */
export interface Crowd extends Load {
  close(): void;
}

export interface CrowdSize {
  senders: number;
  /** Of all of them together. */
  conversations: number;
}

/** The direct conversations of a crowd that is not connected yet, each with so many messages. */
export function crowdConversations(
  name: string,
  { senders, conversations }: CrowdSize,
  messages: number,
): Seeded[] {
  return Array.from({ length: conversations }, (_, i) => {
    const members: [string, string] = [senderOf(name, i % senders), peerOf(name, i)];
    return { conversationId: directConversationId(...members), members, messages };
  });
}

export async function connectCrowd(
  doors: Door[],
  pids: number[],
  name: string,
  size: CrowdSize,
): Promise<Crowd> {
  const senders = await openMany(size.senders, async (i): Promise<Sender> => {
    const client = await logIn(doors[i % doors.length]!, senderOf(name, i));
    const frames = Array.from({ length: size.conversations / size.senders }, (_, nth) =>
      chatFrames({ to: peerOf(name, nth * size.senders + i) }),
    );
    return { client, frames, sent: 0 };
  });
  return { ...crowdLoad(senders, pids), close: () => senders.forEach(({ client }) => void client.close()) };
}

function senderOf(name: string, index: number): string {
  return `from-${name}-${index}`;
}

function peerOf(name: string, index: number): string {
  return `to-${name}-${index}`;
}

/** Each sender has `WINDOW` messages under way: for each that came back stored, it sends one to the next conversation. */
function crowdLoad(senders: Sender[], pids: number[]): Load {
  let running = false;
  let sent = 0;
  let stored = 0;
  const sendFrom = (sender: Sender) => {
    const frames = sender.frames[sender.sent % sender.frames.length]!;
    sender.client.write(frames.from(sender.sent++, 1));
    sent++;
  };
  for (const sender of senders) {
    sender.client.onFrame = (bytes, start, end) => {
      const head = bytes.toString('latin1', start, start + STORED_AT + STORED.length);
      if (!head.startsWith(PREFIX)) throw refused(bytes.toString('utf8', start, end));
      if (!head.endsWith(STORED)) return;
      stored++;
      if (running) sendFrom(sender);
    };
  }
  return {
    pids,
    start() {
      running = true;
      for (const sender of senders) for (let i = 0; i < WINDOW; i++) sendFrom(sender);
    },
    async stop() {
      running = false;
      await until(() => stored === sent, 'Every message, stored');
    },
    done: () => stored,
  };
}
