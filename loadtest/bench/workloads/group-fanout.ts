import { CMD } from '../../../src/protocol/packets.ts';
import { chatFrames } from '../chat-frames.ts';
import { connectClient, type FrameClient, openMany } from '../frame-client.ts';
import { type NumberedFrames, numberedFrames } from '../frames.ts';
import { busyNote, compareRates, type Load, until } from '../rates.ts';
import { logIn, requireAccepted, tokenOf } from '../seqline-client.ts';
import type { Seqline, ServerProcess } from '../servers.ts';
import type { Measurement, Servers } from '../workload.ts';

const MEMBERS = 1000;
/** Messages that not every member has yet. */
const WINDOW = 16;
const RATIO_MIN = 0.75;
const GROUP = 'group_bench';
const SENDER = 'speaker';

/** Frames a second to the members of one group, against a loop that writes what came to as many sockets. */
export async function groupFanout({ seqline, bare }: Servers, seconds: number): Promise<Measurement> {
  const group = await connectGroup(seqline);
  const frameBytes = await groupFrameBytes(group);
  const hall = await connectHall(bare, frameBytes);

  const loads = { seqline: fanoutLoad([seqline.pid], group), bare: fanoutLoad([bare.pid], hall) };
  const rates = await compareRates(loads, seconds);
  for (const { sender, members } of [group, hall]) for (const client of [sender, ...members]) client.close();
  return {
    value: rates.seqline.perSecond,
    unit: 'frames/s',
    yardstick: rates.bare.perSecond,
    ratio: rates.ratio,
    aim: `≥ ${RATIO_MIN * 100} % of the yardstick`,
    met: rates.ratio >= RATIO_MIN,
    notes: [busyNote(rates)],
  };
}

/** One who sends, and the others, who are counted. */
interface Audience {
  sender: FrameClient;
  members: FrameClient[];
  frames: NumberedFrames;
  /** How many messages were sent. */
  sent: number;
}

async function connectGroup(server: Seqline): Promise<Audience> {
  const memberIds = Array.from({ length: MEMBERS }, (_, i) => `member-${i}`);
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/groups`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf(server, SENDER)}` },
    body: JSON.stringify({ group_id: GROUP, name: 'Bench', members: memberIds }),
  });
  if (answer.status !== 201) throw new Error(`The group could not be created: ${await answer.text()}`);
  const sender = await logIn(server, SENDER);
  requireAccepted(sender, CMD.chat);
  const members = await openMany(MEMBERS, (i) => logIn(server, memberIds[i]!));
  const frames = chatFrames({ conversation_id: GROUP });
  return { sender, members, frames, sent: 0 };
}

/** Bytes of a message as it comes to the members: sends one, and waits until all have it. */
async function groupFrameBytes(group: Audience): Promise<number> {
  let bytes = 0;
  let came = 0;
  for (const member of group.members) {
    member.onFrame = (_, start, end) => {
      bytes = end - start;
      came++;
      member.onFrame = undefined;
    };
  }
  send(group, 1);
  await until(() => came === group.members.length, 'The first message to every member');
  return bytes;
}

async function connectHall(server: ServerProcess, frameBytes: number): Promise<Audience> {
  const sender = await connectClient(server.port, '/broadcast?role=sender');
  const members = await openMany(MEMBERS, () => connectClient(server.port, '/broadcast?role=member'));
  return { sender, members, frames: numberedFrames((number) => number.padEnd(frameBytes, 'x')), sent: 0 };
}

function send(audience: Audience, count: number): void {
  audience.sender.write(audience.frames.from(audience.sent, count));
  audience.sent += count;
}

/** `WINDOW` messages are under way: for each thousandth frame that came, one is sent after it. */
function fanoutLoad(pids: number[], audience: Audience): Load {
  const { members } = audience;
  const sentBefore = audience.sent;
  let running = false;
  let received = 0;
  const outstanding = () => audience.sent - sentBefore - Math.floor(received / members.length);
  for (const member of members) {
    member.onRead = (count) => {
      received += count;
      const room = WINDOW - outstanding();
      if (running && room > 0) send(audience, room);
    };
  }
  return {
    pids,
    start() {
      running = true;
      send(audience, WINDOW);
    },
    async stop() {
      running = false;
      await until(() => outstanding() === 0, 'Every message to every member');
    },
    done: () => received,
  };
}
