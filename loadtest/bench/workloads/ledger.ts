import type { OutputPacket } from '../../../src/protocol/packets.ts';
import { refused } from '../seqline-client.ts';

/** What a receiver got of one conversation. */
export interface Ledger {
  /** By `seq` less 1: the number that the message's id is. */
  numbers: number[];
  /** Messages whose `seq` had come before. */
  repeated: number;
}

export function newLedger(): Ledger {
  return { numbers: [], repeated: 0 };
}

/** Notes a message as it came; gives its number. */
export function enter(ledger: Ledger, frame: string): number {
  const { code, msg_id, seq } = JSON.parse(frame) as OutputPacket;
  if (code !== 0 || seq === undefined) throw refused(frame);
  const number = Number(msg_id);
  if (ledger.numbers[seq - 1] !== undefined) ledger.repeated++;
  ledger.numbers[seq - 1] = number;
  return number;
}

/** Throws unless every message came once, and `seq` counts them without gaps in the order in which they were sent. */
export function requireComplete(conversations: { ledger: Ledger; sent: number }[]): void {
  let [repeated, wanting, disordered] = [0, 0, 0];
  for (const { ledger, sent } of conversations) {
    repeated += ledger.repeated;
    if (ledger.numbers.length !== sent) wanting++;
    if (ledger.numbers.findIndex((number, i) => number !== i) >= 0) disordered++;
  }
  if (repeated + wanting + disordered === 0) return;
  throw new Error(
    `The server did not deliver what was sent: ${repeated} messages came more than once, ${wanting} conversations ` +
      `do not have as many as were sent, and ${disordered} have gaps or another order.`,
  );
}
