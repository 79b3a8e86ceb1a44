import type { OutputPacket } from '../../../src/protocol/packets.ts';
import { atRate, dueAt, median, quantile, until } from '../rates.ts';
import { refused } from '../seqline-client.ts';
import type { Latency } from '../workload.ts';
import { type StoredPair, sendFrom } from './direct-pairs.ts';
import { enter } from './ledger.ts';

export interface Latencies {
  rate: number;
  /** From when a send was due to the answer "sent". */
  sent: Latency;
  /** From when a send was due to its message at the receiver. */
  delivered: Latency;
}

/**
 * Sends at a steady rate, whatever comes back, and takes times from when a send was due: a server that stalls makes all
 * sends late that are due meanwhile, as it would for people.
 */
export async function measureLatency(pairs: StoredPair[], rate: number, seconds: number): Promise<Latencies> {
  const sentMs: number[] = [];
  const deliveredMs: number[] = [];
  const total = Math.floor(rate * seconds);
  const from = performance.now();
  pairs.forEach((pair, i) => {
    const first = pair.sent;
    /** The pairs send in turn, so a message's number tells when it was due. */
    const since = (number: number) =>
      performance.now() - dueAt(from, rate, (number - first) * pairs.length + i);
    takeTimes(pair, {
      onSent: (number) => sentMs.push(since(number)),
      onDelivered: (number) => deliveredMs.push(since(number)),
    });
  });
  await atRate(from, rate, total, (send) => sendFrom(pairs[send % pairs.length]!, 1));
  const allCame = () => sentMs.length === total && deliveredMs.length === total;
  await until(allCame, 'The answer and the delivery of every message');
  return { rate, sent: latencyOf(sentMs), delivered: latencyOf(deliveredMs) };
}

interface Times {
  onSent(number: number): void;
  onDelivered(number: number): void;
}

function takeTimes({ sender, receiver, ledger }: StoredPair, { onSent, onDelivered }: Times): void {
  receiver.onRead = undefined;
  receiver.onFrame = (bytes, start, end) => onDelivered(enter(ledger, bytes.toString('latin1', start, end)));
  sender.onFrame = (bytes, start, end) => {
    const frame = bytes.toString('latin1', start, end);
    const { code, seq, msg_id } = JSON.parse(frame) as OutputPacket;
    if (code !== 0) throw refused(frame);
    if (seq === undefined) onSent(Number(msg_id));
  };
}

function latencyOf(ms: number[]): Latency {
  return { p50_ms: quantile(ms, 0.5), p95_ms: quantile(ms, 0.95), p99_ms: quantile(ms, 0.99) };
}

/** Of rounds at the same rate, of each quantile the median. */
export function medianLatencies(rounds: Latencies[]): Latencies {
  const of = (what: 'sent' | 'delivered'): Latency => {
    const quantileOf = (name: keyof Latency) => median(rounds.map((round) => round[what][name]));
    return { p50_ms: quantileOf('p50_ms'), p95_ms: quantileOf('p95_ms'), p99_ms: quantileOf('p99_ms') };
  };
  return { rate: rounds[0]!.rate, sent: of('sent'), delivered: of('delivered') };
}

export function latencyNotes({ rate, sent, delivered }: Latencies): string[] {
  return [`at ${Math.round(rate)}/s: sent ${latencyLine(sent)}; delivered ${latencyLine(delivered)}`];
}

export function latencyLine({ p50_ms, p95_ms, p99_ms }: Latency): string {
  return `p50 ${p50_ms.toFixed(1)}, p95 ${p95_ms.toFixed(1)}, p99 ${p99_ms.toFixed(1)} ms`;
}
