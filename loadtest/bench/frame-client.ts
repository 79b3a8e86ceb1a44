import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { FrameReader } from './frame-reader.ts';

/** All sockets read into the same memory: what was read is dealt with before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
const HEAD_END = '\r\n\r\n';
const UPGRADED = 'HTTP/1.1 101';

const openClients = new Set<FrameClient>();

/** For a bench that ends early: its error is what is to be seen, and not that its servers leave its clients. */
export function closeAllClients(): void {
  for (const client of openClients) client.close();
}

/**
 * A WebSocket client that costs next to nothing, so that the server is what a workload measures: it writes frames that
 * were made beforehand, and looks into what comes only as far as its owner does.
 */
export class FrameClient {
  /** Each text frame's payload; the bytes are valid during the call alone. */
  onFrame: ((bytes: Buffer, start: number, end: number) => void) | undefined;
  /** How many text frames came with one read. */
  onRead: ((frames: number) => void) | undefined;
  /** The connection ended, and its owner did not close it. */
  onEnd: (reason: string) => void = endedInWorkload;

  private readonly socket: Socket;
  private readonly reader = new FrameReader({
    onText: (bytes, start, end) => this.onFrame?.(bytes, start, end),
    onClose: (code) => this.end(`the server closed it with ${code}`),
  });
  private readonly onOpen: () => void;
  private open = false;
  private ended = false;

  constructor(port: number, path: string, onOpen: () => void) {
    this.onOpen = onOpen;
    this.socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          this.read(READ_BUFFER.subarray(0, length));
          return true;
        },
      },
    });
    this.socket.on('error', (error) => this.end(error.message));
    this.socket.on('close', () => this.end('the server closed it'));
    this.socket.write(upgradeRequest(port, path));
    openClients.add(this);
  }

  write(frames: Buffer): void {
    this.socket.write(frames);
  }

  close(): void {
    this.ended = true;
    this.socket.destroy();
    openClients.delete(this);
  }

  private read(bytes: Buffer): void {
    if (this.ended) return;
    const frames = this.reader.read(this.open ? bytes : this.afterUpgrade(bytes));
    if (frames > 0) this.onRead?.(frames);
  }

  /** The answer to the upgrade is small and comes at once, in one piece; frames may follow it. */
  private afterUpgrade(bytes: Buffer): Buffer {
    const head = bytes.toString('latin1');
    const headEnd = head.indexOf(HEAD_END);
    if (!head.startsWith(UPGRADED) || headEnd < 0) {
      this.end(`it answered "${head.slice(0, head.indexOf('\r\n'))}" instead of an upgrade`);
      return Buffer.alloc(0);
    }
    this.open = true;
    this.onOpen();
    return bytes.subarray(headEnd + HEAD_END.length);
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.close();
    this.onEnd(reason);
  }
}

function upgradeRequest(port: number, path: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    HEAD_END,
  ]
    .join('\r\n')
    .slice(0, -2);
}

/** Resolves once the WebSocket is open. */
export function connectClient(port: number, path: string): Promise<FrameClient> {
  const { promise, resolve, reject } = Promise.withResolvers<FrameClient>();
  const client = new FrameClient(port, path, () => {
    client.onEnd = endedInWorkload;
    resolve(client);
  });
  client.onEnd = (reason) => reject(new Error(`ws://127.0.0.1:${port}${path} did not open: ${reason}.`));
  return promise;
}

/** The next text frame, for an exchange that is not measured. */
export function nextText(client: FrameClient): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  client.onFrame = (bytes, start, end) => {
    client.onFrame = undefined;
    resolve(bytes.toString('utf8', start, end));
  };
  return promise;
}

function endedInWorkload(reason: string): never {
  throw new Error(`A connection ended in the middle of a workload: ${reason}.`);
}

/** As many at a time as an accept queue takes with ease. */
const AT_A_TIME = 100;

/** Opens many connections, some at a time; gives them in order. */
export async function openMany<T>(count: number, open: (index: number) => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  while (opened.length < count) {
    const from = opened.length;
    const length = Math.min(AT_A_TIME, count - from);
    opened.push(...(await Promise.all(Array.from({ length }, (_, i) => open(from + i)))));
  }
  return opened;
}
