import { LIMITS } from '../../../src/protocol/limits.ts';
import { CMD, type MessagesPage, type OutputPacket } from '../../../src/protocol/packets.ts';
import { chatFrames } from '../chat-frames.ts';
import { connectClient, type FrameClient, nextText } from '../frame-client.ts';
import { textFrame } from '../frames.ts';
import { median, until } from '../rates.ts';
import { type Door, logIn, refused, requireAccepted } from '../seqline-client.ts';
import type { ServerProcess } from '../servers.ts';
import type { Measurement, Servers } from '../workload.ts';

const MESSAGES = 10_000;
const ROUNDS = 5;
const MS_MAX = 300;
const [WRITER, READER] = ['writer', 'reader'];
const CONVERSATION = `p2p:${READER}:${WRITER}`;

export function catchUp({ seqline, bare }: Servers): Promise<Measurement> {
  return measureCatchUp({ writers: seqline, readers: seqline, bare }, MS_MAX);
}

/** Time to pull a long conversation page by page, against as many frames of the same sizes on request. */
export async function measureCatchUp(
  { writers, readers, bare }: { writers: Door; readers: Door; bare: ServerProcess },
  msMax: number,
): Promise<Measurement> {
  await fill(writers);
  const reader = await logIn(readers, READER);
  const frameBytes = await pullAll(reader);
  const socket = await connectClient(bare.port, '/pages');
  const [pulls, frames]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    frames.push(await timed(() => fetchFrames(socket, frameBytes)));
    pulls.push(await timed(() => pullAll(reader)));
  }
  reader.close();
  socket.close();
  const ms = median(pulls);
  const bareMs = median(frames);
  return {
    value: ms,
    unit: `ms for ${MESSAGES} messages`,
    yardstick: bareMs,
    ratio: ms / bareMs,
    aim: `≤ ${msMax} ms`,
    met: ms <= msMax,
    notes: [`${frameBytes.length} pages, the largest of ${Math.max(...frameBytes)} bytes`],
  };
}

/** Sends the messages and waits until all are stored and came back to their sender. */
async function fill(server: Door): Promise<void> {
  const AT_ONCE = 500;
  const writer = await logIn(server, WRITER);
  const chats = chatFrames({ to: READER });
  requireAccepted(writer, CMD.chat);
  let frames = 0;
  writer.onRead = (count) => {
    frames += count;
  };
  for (let sent = 0; sent < MESSAGES; sent += AT_ONCE) {
    writer.write(chats.from(sent, AT_ONCE));
    await until(() => frames === 2 * (sent + AT_ONCE), 'The answer and the message for each of a batch');
  }
  writer.close();
}

/** Pulls from the beginning to the end; gives the bytes of each answer. Throws where a message is missing. */
async function pullAll(reader: FrameClient): Promise<number[]> {
  const sizes: number[] = [];
  let seq = 0;
  for (let more = true; more; ) {
    const payload = { conversation_id: CONVERSATION, limit: LIMITS.pageMax };
    reader.write(textFrame(JSON.stringify({ cmd: CMD.pull, seq, payload })));
    const text = await nextText(reader);
    const { code, payload: page } = JSON.parse(text) as OutputPacket<MessagesPage>;
    if (code !== 0) throw refused(text);
    for (const message of page!.messages) {
      if (message.seq !== ++seq) throw new Error(`A pull gave message ${message.seq} where ${seq} follows.`);
    }
    more = page!.has_more;
    sizes.push(Buffer.byteLength(text));
  }
  if (seq !== MESSAGES) throw new Error(`A pull of all ended at message ${seq} of ${MESSAGES}.`);
  return sizes;
}

async function fetchFrames(socket: FrameClient, sizes: number[]): Promise<void> {
  for (const size of sizes) {
    socket.write(textFrame(String(size)));
    await nextText(socket);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
