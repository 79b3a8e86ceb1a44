import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: one of those must not take the port of a process that is down. */
const PORTS = { from: 20_000, to: 32_000 };

/** A port that was free a moment ago, and that a process may give up and take again. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const holder = createServer().listen(port, '127.0.0.1');
    const free = await once(holder, 'listening').then(
      () => true,
      () => false,
    );
    await new Promise((resolve) => holder.close(resolve));
    if (free) return port;
  }
}
