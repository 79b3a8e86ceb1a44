import { CMD, type MessagesPage } from '../../../src/protocol/packets.ts';
import { chatFrames } from '../chat-frames.ts';
import { connectClient, type FrameClient, openMany } from '../frame-client.ts';
import type { NumberedFrames } from '../frames.ts';
import { type Door, logIn, request } from '../seqline-client.ts';
import type { ServerProcess } from '../servers.ts';
import { type Ledger, newLedger, requireComplete } from './ledger.ts';

const PAIRS = 100;
/** Bytes of the answer to a chat, as seqline gives it. */
const ANSWER_BYTES = 110;

/** One who sends and one who receives. */
export interface Pair {
  sender: FrameClient;
  receiver: FrameClient;
  frames: NumberedFrames;
  /** How many were sent; the next one has this number. */
  sent: number;
}

export interface StoredPair extends Pair {
  conversationId: string;
  /** What the receiver got. */
  ledger: Ledger;
}

/** The doors of one cluster for the sender and the receiver of a pair. */
export type DoorsOfPair = (pair: number) => [sender: Door, receiver: Door];

export function connectPairs(doorsOf: DoorsOfPair): Promise<StoredPair[]> {
  return openMany(PAIRS, async (i) => {
    const [senderId, receiverId] = [`from-${i}`, `to-${i}`];
    const [senders, receivers] = doorsOf(i);
    return {
      sender: await logIn(senders, senderId),
      receiver: await logIn(receivers, receiverId),
      frames: chatFrames({ to: receiverId }),
      sent: 0,
      conversationId: `p2p:${senderId}:${receiverId}`,
      ledger: newLedger(),
    };
  });
}

export function connectBarePairs(server: ServerProcess): Promise<Pair[]> {
  return openMany(PAIRS, async (i) => {
    const path = `/relay?pair=${i}&bytes=${ANSWER_BYTES}`;
    return {
      sender: await connectClient(server.port, path),
      receiver: await connectClient(server.port, path),
      frames: chatFrames({ to: `to-${i}` }),
      sent: 0,
    };
  });
}

export function sendFrom(pair: Pair, count: number): void {
  pair.sender.write(pair.frames.from(pair.sent, count));
  pair.sent += count;
}

/** Throws unless all that was sent was delivered as it should be, and is stored. */
export async function verifyPairs(pairs: StoredPair[]): Promise<void> {
  requireComplete(pairs);
  for (const { receiver, conversationId, sent } of pairs) {
    receiver.onRead = undefined;
    const payload = { conversation_id: conversationId, limit: 1 };
    const page = await request<MessagesPage>(receiver, { cmd: CMD.pull, seq: sent, payload });
    if (page.payload!.head_seq !== sent) {
      throw new Error(
        `${conversationId} has ${page.payload!.head_seq} messages stored, and ${sent} were sent.`,
      );
    }
  }
}

export function closePairs(pairs: Pair[]): void {
  for (const { sender, receiver } of pairs) {
    sender.close();
    receiver.close();
  }
}
