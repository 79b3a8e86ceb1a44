import { CMD } from '../../../src/protocol/packets.ts';
import { busyNote, compareRates, type Load, until } from '../rates.ts';
import { requireAccepted } from '../seqline-client.ts';
import type { Measurement, Servers } from '../workload.ts';
import { latencyNotes, measureLatency } from './direct-latency.ts';
import {
  closePairs,
  connectBarePairs,
  connectPairs,
  type Pair,
  type StoredPair,
  sendFrom,
  verifyPairs,
} from './direct-pairs.ts';
import { enter } from './ledger.ts';

/** Messages of each sender that its receiver does not have yet. */
const WINDOW = 10;
const RATE_MIN = 8000;
/** The share of the rate at saturation at which latencies are taken. */
const LATENCY_LOAD = 0.5;
/** Latencies are taken for as long as so many rounds. */
const LATENCY_ROUNDS = 2;

/** Messages stored and delivered a second, and how long they take at half that rate. */
export async function direct({ seqline, bare }: Servers, seconds: number): Promise<Measurement> {
  const pairs = await connectPairs(() => [seqline, seqline]);
  const barePairs = await connectBarePairs(bare);
  const loads = { seqline: storedChatLoad([seqline.pid], pairs), bare: chatLoad([bare.pid], barePairs) };
  const rates = await compareRates(loads, seconds);
  closePairs(barePairs);

  const halfRate = rates.seqline.perSecond * LATENCY_LOAD;
  const latencies = await measureLatency(pairs, halfRate, seconds * LATENCY_ROUNDS);
  await verifyPairs(pairs);
  closePairs(pairs);
  return {
    value: rates.seqline.perSecond,
    unit: 'messages/s',
    yardstick: rates.bare.perSecond,
    ratio: rates.ratio,
    latency: latencies.delivered,
    aim: `≥ ${RATE_MIN}/s`,
    met: rates.seqline.perSecond >= RATE_MIN,
    notes: [busyNote(rates), ...latencyNotes(latencies)],
  };
}

/** `chatLoad` with each frame looked at: the server must take each send, and each message must be the next one. */
export function storedChatLoad(pids: number[], pairs: StoredPair[], window = WINDOW): Load {
  for (const { sender, receiver, ledger } of pairs) {
    requireAccepted(sender, CMD.chat);
    receiver.onFrame = (bytes, start, end) => enter(ledger, bytes.toString('latin1', start, end));
  }
  return chatLoad(pids, pairs, window);
}

/** Each sender has `window` messages under way: as many as were received are sent after them, in one write. */
function chatLoad(pids: number[], pairs: Pair[], window = WINDOW): Load {
  const sentByAll = () => pairs.reduce((sum, pair) => sum + pair.sent, 0);
  const sentBefore = sentByAll();
  let running = false;
  let delivered = 0;
  for (const pair of pairs) {
    pair.receiver.onRead = (count) => {
      delivered += count;
      if (running) sendFrom(pair, count);
    };
  }
  return {
    pids,
    start() {
      running = true;
      for (const pair of pairs) sendFrom(pair, window);
    },
    async stop() {
      running = false;
      const sent = sentByAll() - sentBefore;
      await until(() => delivered === sent, 'The delivery of every message');
    },
    done: () => delivered,
  };
}
