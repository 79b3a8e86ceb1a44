import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** A way to a server that can fall silent, as a server that hangs does, or break. */
export interface PausableProxy extends AsyncDisposable {
  port: number;
  /** From now on nothing comes through in either direction, no end either, and connections are accepted all the same. */
  pause(): void;
  resume(): void;
  /** All connections break, and nobody is let in until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export async function startPausableProxy(target: { host: string; port: number }): Promise<PausableProxy> {
  const pairs = new Set<[net.Socket, net.Socket]>();
  let paused = false;
  let listener = await listen(0);
  const { port } = listener.address() as AddressInfo;

  async function listen(on: number): Promise<net.Server> {
    const server = net.createServer((near) => {
      const far = net.connect(target.port, target.host);
      const pair: [net.Socket, net.Socket] = [near, far];
      pairs.add(pair);
      for (const [one, other] of [pair, [far, near] as const]) {
        one.on('error', () => {});
        one.on('close', () => {
          if (!paused) end(pair);
        });
        if (!paused) one.pipe(other);
      }
    });
    server.listen(on, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  function end(pair: [net.Socket, net.Socket]): void {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }

  async function cut(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    for (const pair of pairs) end(pair);
    await closed;
  }

  return {
    port,
    pause() {
      paused = true;
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
      }
    },
    resume() {
      paused = false;
      for (const pair of pairs) {
        const [near, far] = pair;
        if (near.destroyed || far.destroyed) end(pair);
        else {
          near.pipe(far);
          far.pipe(near);
        }
      }
    },
    cut,
    async mend() {
      listener = await listen(port);
    },
    [Symbol.asyncDispose]: cut,
  };
}
