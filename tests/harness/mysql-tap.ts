import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Header of a packet of MySQL's protocol: three bytes of length, one that counts the packets of a command. */
const HEADER_BYTES = 4;
const COM_QUERY = 3;
const SPACE = 0x20;

/** Stands between processes and MySQL, and notes the statements that pass. */
export interface MysqlTap extends AsyncDisposable {
  url: string;
  /** All requests so far, in the order of their coming; one may hold several statements, with `; ` between them. */
  readonly statements: string[];
}

export async function openMysqlTap(mysqlUrl: string): Promise<MysqlTap> {
  const url = new URL(mysqlUrl);
  const [host, port] = [url.hostname, Number(url.port || 3306)];
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, host);
    const note = createReader((statement) => statements.push(statement));
    client.on('data', note);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    statements,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Cuts what a client sends into packets, and tells those that begin a statement. */
function createReader(onStatement: (statement: string) => void): (part: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (part) => {
    rest = Buffer.concat([rest, part]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUIntLE(0, 3);
      if (rest.length < end) return;
      const packet = rest.subarray(0, end);
      rest = rest.subarray(end);
      const isFirst = packet[3] === 0;
      if (isFirst && packet[HEADER_BYTES] === COM_QUERY) {
        onStatement(textOf(packet.subarray(HEADER_BYTES + 1)));
      }
    }
  };
}

/** The statement may stand behind counts of its attributes, which are small numbers. */
function textOf(query: Buffer): string {
  return query.subarray(query.findIndex((byte) => byte > SPACE)).toString();
}
