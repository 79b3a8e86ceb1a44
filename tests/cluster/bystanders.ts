import { createClient, type SeqlineClient } from '../../src/sdk/index.ts';
import { freshUser } from '../harness/names.ts';
import type { Target } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const SECOND_MS = 1000;
const AT_ONCE = 25;

/** People who are connected and say nothing: most of those whom a rollout concerns. */
export interface Bystanders extends AsyncDisposable {
  /** How many came back in each second that has passed since the last call. */
  takeReconnects(): number[];
  connected(): number;
  /** Those who were sent away for good. */
  lost: string[];
}

export async function gatherBystanders(target: Target, count: number): Promise<Bystanders> {
  const clients: SeqlineClient[] = [];
  const lost: string[] = [];
  const online = new Set<SeqlineClient>();
  let begun = performance.now();
  let reconnects = new Map<number, number>();
  const come = async () => {
    const userId = freshUser('bystander');
    const client = createClient({ url: target.nextUrl(), token: () => tokenOf(target.secret, userId) });
    clients.push(client);
    client.on('state', ({ state }) => {
      if (state !== 'online') return void online.delete(client);
      online.add(client);
      const second = Math.floor((performance.now() - begun) / SECOND_MS);
      reconnects.set(second, (reconnects.get(second) ?? 0) + 1);
    });
    client.on('closed', ({ code, reason }) => lost.push(`${userId} was sent away with ${code} ${reason}`));
    await client.connect();
  };
  for (let i = 0; i < count; i += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - i) }, come));
  }
  return {
    lost,
    connected: () => online.size,
    takeReconnects() {
      const seconds = Math.ceil((performance.now() - begun) / SECOND_MS);
      const taken = Array.from({ length: seconds }, (_, second) => reconnects.get(second) ?? 0);
      begun = performance.now();
      reconnects = new Map();
      return taken;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}
