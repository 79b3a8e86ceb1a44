import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** A way to the server that can be cut, as a network is: what runs over it breaks, and nothing new comes through. */
export interface Cable extends AsyncDisposable {
  /** Base URL at this end. */
  url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export async function layCable(serverUrl: string): Promise<Cable> {
  const target = new URL(serverUrl);
  const sockets = new Set<net.Socket>();
  let listener = await listen(0);
  const { port } = listener.address() as AddressInfo;

  async function listen(on: number): Promise<net.Server> {
    const server = net.createServer((near) => {
      const far = net.connect(Number(target.port), target.hostname);
      join(near, far);
      join(far, near);
    });
    server.listen(on, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  function join(from: net.Socket, to: net.Socket): void {
    sockets.add(from);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }

  async function cut(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    cut,
    async mend() {
      listener = await listen(port);
    },
    [Symbol.asyncDispose]: cut,
  };
}
