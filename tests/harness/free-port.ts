import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections: one of those must not take the port of a process that is down. */
const PORTS = { from: 20_000, to: 32_000 };

/** A port that was free a moment ago, and that a process may give up and take again. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

/** So many ports that follow one another. */
export async function freePorts(count: number): Promise<number[]> {
  for (;;) {
    const first = randomInt(PORTS.from, PORTS.to - count);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return ports;
  }
}

async function isFree(port: number): Promise<boolean> {
  const holder = createServer().listen(port, '127.0.0.1');
  const free = await once(holder, 'listening').then(
    () => true,
    () => false,
  );
  await new Promise((resolve) => holder.close(resolve));
  return free;
}
