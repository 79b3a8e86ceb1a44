/**
 * Loaded before a process's own code (`NODE_OPTIONS=--import`). A broker tells its clients where it is to be reached,
 * so a proxy in front of Kafka is passed by unless connections themselves are led there: those to `DETOUR_FROM` go to
 * `DETOUR_TO`, both host:port.
 */
import net, { type NetConnectOpts } from 'node:net';

const [fromHost, fromPort] = placeOf(process.env.DETOUR_FROM!);
const [host, port] = placeOf(process.env.DETOUR_TO!);
const connect = net.connect;

function detour(options: NetConnectOpts, onConnect?: () => void) {
  const leads = 'port' in options && options.port === fromPort && options.host === fromHost;
  return connect(leads ? { ...options, host, port } : options, onConnect);
}

net.connect = ((first: unknown, ...rest: [never]) =>
  typeof first === 'object' && first !== null && !Array.isArray(first)
    ? detour(first as NetConnectOpts, ...rest)
    : connect(first as never, ...rest)) as typeof net.connect;

function placeOf(text: string): [host: string, port: number] {
  const [host = '', port] = text.split(':');
  return [host, Number(port)];
}
