import { CMD } from '../../../src/protocol/packets.ts';
import { connectClient, type FrameClient, openMany } from '../frame-client.ts';
import { repeated, textFrame } from '../frames.ts';
import { busyNote, compareRates, type Load, until } from '../rates.ts';
import { logIn, request, requireAccepted } from '../seqline-client.ts';
import type { Measurement, Servers } from '../workload.ts';

const CONNECTIONS = 50;
const IN_FLIGHT = 8;
const RATIO_MIN = 0.8;
const HEARTBEAT = { cmd: CMD.heartbeat };

/** Heartbeats answered a second, against frames of the same sizes that are echoed. */
export async function heartbeat({ seqline, bare }: Servers, seconds: number): Promise<Measurement> {
  const sessions = await openMany(CONNECTIONS, (i) => logIn(seqline, `beat-${i}`));
  const answerBytes = JSON.stringify(await request(sessions[0]!, HEARTBEAT)).length;
  for (const session of sessions) requireAccepted(session, CMD.heartbeat);
  const sockets = await openMany(CONNECTIONS, () => connectClient(bare.port, `/echo?bytes=${answerBytes}`));

  const loads = { seqline: echoLoad([seqline.pid], sessions), bare: echoLoad([bare.pid], sockets) };
  const rates = await compareRates(loads, seconds);
  for (const client of [...sessions, ...sockets]) client.close();
  return {
    value: rates.seqline.perSecond,
    unit: 'heartbeats/s',
    yardstick: rates.bare.perSecond,
    ratio: rates.ratio,
    aim: `≥ ${RATIO_MIN * 100} % of the yardstick`,
    met: rates.ratio >= RATIO_MIN,
    notes: [busyNote(rates)],
  };
}

/** Each connection has `IN_FLIGHT` frames under way: as many as were answered are sent again, in one write. */
function echoLoad(pids: number[], clients: FrameClient[]): Load {
  const frame = textFrame(JSON.stringify(HEARTBEAT));
  const frames = repeated(frame, IN_FLIGHT);
  let running = false;
  let inFlight = 0;
  let answered = 0;
  for (const client of clients) {
    client.onRead = (count) => {
      answered += count;
      if (running) client.write(frames.subarray(0, count * frame.length));
      else inFlight -= count;
    };
  }
  return {
    pids,
    start() {
      running = true;
      inFlight = clients.length * IN_FLIGHT;
      for (const client of clients) client.write(frames);
    },
    async stop() {
      running = false;
      await until(() => inFlight === 0, 'The answer to every heartbeat');
    },
    done: () => answered,
  };
}
