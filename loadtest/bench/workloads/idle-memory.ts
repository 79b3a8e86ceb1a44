import { connectClient, type FrameClient, openMany } from '../frame-client.ts';
import { settledRssKib } from '../procfs.ts';
import { logIn } from '../seqline-client.ts';
import type { Measurement, Servers } from '../workload.ts';

const CONNECTIONS = 5000;
/** Opened and closed before, so that what a server needs once is not counted. */
const FIRST_CONNECTIONS = 200;
const KIB_MAX = 12;

/** Memory for one idle connection on which a user is logged in, above what the bare server needs for one. */
export async function idleMemory({ seqline, bare }: Servers): Promise<Measurement> {
  const bareKib = await kibPerConnection(bare.pid, () => connectClient(bare.port, '/idle'));
  const seqlineKib = await kibPerConnection(seqline.pid, (i) => logIn(seqline, `idle-${i}`));
  const above = seqlineKib - bareKib;
  return {
    value: above,
    unit: 'KiB/connection above bare',
    yardstick: bareKib,
    ratio: seqlineKib / bareKib,
    aim: `≤ ${KIB_MAX} KiB above`,
    met: above <= KIB_MAX,
    notes: [`${seqlineKib.toFixed(1)} KiB for each of ${CONNECTIONS} logged-in connections`],
  };
}

async function kibPerConnection(pid: number, open: (index: number) => Promise<FrameClient>): Promise<number> {
  closeAll(await openMany(FIRST_CONNECTIONS, open));
  const before = await settledRssKib(pid);
  const clients = await openMany(CONNECTIONS, open);
  const after = await settledRssKib(pid);
  closeAll(clients);
  return (after - before) / CONNECTIONS;
}

function closeAll(clients: FrameClient[]): void {
  for (const client of clients) client.close();
}
