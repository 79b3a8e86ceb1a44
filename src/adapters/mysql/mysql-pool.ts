import type { Socket } from 'node:net';
import {
  createPool,
  type Pool,
  type PoolConnection,
  type QueryOptions,
  type QueryResult,
} from 'mysql2/promise';
import { StoreUnavailable } from '../../ports/errors.ts';
import { isReadOnly, spoilsConnection, toPortError, unavailable } from './mysql-errors.ts';
import { parseMysqlUrl } from './mysql-url.ts';

export interface MysqlPoolOptions {
  url: string;
  /** Connections at most. */
  poolSize?: number;
  /** Calls that may wait for a connection; one more is refused as unavailable. */
  queueMax?: number;
  /** Told at each change. */
  onUse?: (use: PoolUse) => void;
}

export interface PoolUse {
  size: number;
  /** Connections that are lent. */
  used: number;
  /** Calls that wait for one. */
  waiting: number;
}

/** Connections to one server. All throw `StoreUnavailable` where it is out of reach or does not answer in time. */
export interface MysqlPool {
  /** Lends a connection for as long as `work` lasts. */
  lend<T>(work: (connection: LentConnection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface LentConnection {
  /** Of several statements, the results of all. */
  query(options: QueryOptions): Promise<QueryResult>;
  /** The statement with the values in place of its `?`. */
  format(sql: string, values: unknown[]): string;
  /** It will not be lent again. */
  spoil(): void;
}

const POOL_SIZE = 10;
const QUEUE_MAX = 1000;

/** A call that has no connection by then is refused. With `STATEMENT_MS`, how long an outage can hold up a call. */
const ACQUIRE_MS = 2000;

/** A statement without an answer by then has failed, and its connection is thrown away. */
const STATEMENT_MS = 3000;

/** How long a statement waits for a lock: less than `STATEMENT_MS`, so that the server says what was in the way. */
const LOCK_WAIT_SECONDS = 2;

/**
 * The server closes a connection that is silent for so long, also amid a transaction: a process that froze or was cut
 * off keeps its locks no longer.
 */
const SILENCE_SECONDS = 20;

/** A connection that was not used for so long is not lent again: the server may be about to close it. */
const IDLE_MS = (SILENCE_SECONDS - 5) * 1000;

const KEEPALIVE_MS = 10_000;
const CLOSE_MS = 1000;

/** READ COMMITTED locks the rows that are found, and no gaps between them. */
const SESSION = `SET NAMES utf8mb4 COLLATE utf8mb4_0900_bin,
  SESSION transaction_isolation = 'READ-COMMITTED',
  SESSION sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION',
  SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS},
  SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS},
  SESSION max_execution_time = ${STATEMENT_MS},
  SESSION wait_timeout = ${SILENCE_SECONDS}`;

/** The driver's connection behind the one that is lent; its socket is the only thing that can be closed at once. */
type RawConnection = PoolConnection['connection'] & { stream: Socket };

export function openPool(options: MysqlPoolOptions): MysqlPool {
  const pool = createDriverPool(options);
  const known = new Map<RawConnection, { generation: number; usedAt: number }>();
  /** Goes up when a server turned out to be no primary any more: what was opened before may lead to it. */
  let generation = 0;
  let closing: Promise<void> | undefined;
  const use = countUse(options);

  /** Takes a connection that is fit, and makes a new one so. */
  async function take(): Promise<PoolConnection> {
    for (;;) {
      const connection = await pool.getConnection();
      const raw = rawOf(connection);
      const seen = known.get(raw);
      if (!seen) {
        await prepare(connection, raw);
        return connection;
      }
      if (seen.generation === generation && seen.usedAt > Date.now() - IDLE_MS) return connection;
      discard(connection);
    }
  }

  async function prepare(connection: PoolConnection, raw: RawConnection): Promise<void> {
    known.set(raw, { generation, usedAt: Date.now() });
    raw.stream.once('close', () => known.delete(raw));
    // The driver may emit several errors and listens for one; the calls concerned get them in any case.
    raw.on('error', () => {});
    try {
      await send(connection, { sql: SESSION });
    } catch (error) {
      discard(connection);
      throw error;
    }
  }

  function giveBack(connection: PoolConnection): void {
    const seen = known.get(rawOf(connection));
    if (seen) seen.usedAt = Date.now();
    connection.release();
  }

  async function close(): Promise<void> {
    const cut = () => {
      for (const { stream } of known.keys()) stream.destroy();
    };
    const timer = setTimeout(cut, CLOSE_MS);
    await pool.end().catch(() => {});
    clearTimeout(timer);
    cut();
  }

  return {
    async lend(work) {
      const connection = await use.waiting(inTime(take(), giveBack));
      use.add(+1);
      const loan = loanOf(connection, () => {
        generation += 1;
      });
      try {
        return await work(loan);
      } finally {
        use.add(-1);
        if (loan.spoiled()) discard(connection);
        else giveBack(connection);
      }
    },
    close: () => (closing ??= close()),
  };
}

/** Counts the connections that are lent and the calls that wait for one. */
function countUse({ poolSize = POOL_SIZE, onUse }: MysqlPoolOptions) {
  const use: PoolUse = { size: poolSize, used: 0, waiting: 0 };
  const change = (name: 'used' | 'waiting', by: number) => {
    use[name] += by;
    onUse?.(use);
  };
  onUse?.(use);
  return {
    add: (lent: number) => change('used', lent),
    async waiting<T>(wanted: Promise<T>): Promise<T> {
      change('waiting', +1);
      try {
        return await wanted;
      } finally {
        change('waiting', -1);
      }
    },
  };
}

function createDriverPool({ url, poolSize = POOL_SIZE, queueMax = QUEUE_MAX }: MysqlPoolOptions): Pool {
  return createPool({
    ...parseMysqlUrl(url),
    connectionLimit: poolSize,
    queueLimit: queueMax,
    connectTimeout: ACQUIRE_MS,
    keepAliveInitialDelay: KEEPALIVE_MS,
    multipleStatements: true,
    stringifyObjects: true,
    trace: false,
  });
}

function loanOf(connection: PoolConnection, onReadOnly: () => void): LentConnection & { spoiled(): boolean } {
  let spoiled = false;
  return {
    async query(options) {
      if (spoiled) throw new StoreUnavailable('mysql', 'the connection is of no more use');
      try {
        return await send(connection, options);
      } catch (error) {
        spoiled ||= spoilsConnection(error);
        if (isReadOnly(error)) onReadOnly();
        throw toPortError(error);
      }
    },
    format: (sql, values) => connection.format(sql, values),
    spoil() {
      spoiled = true;
    },
    spoiled: () => spoiled,
  };
}

async function send(connection: PoolConnection, options: QueryOptions): Promise<QueryResult> {
  const [result] = await connection.query({ ...options, timeout: STATEMENT_MS });
  return result;
}

/** The driver's `destroy` waits for the server to close, which one that hangs does not. */
function discard(connection: PoolConnection): void {
  connection.destroy();
  rawOf(connection).stream.destroy();
}

function rawOf(connection: PoolConnection): RawConnection {
  return connection.connection as RawConnection;
}

/** What arrives too late goes to `late`. */
function inTime<T>(wanted: Promise<T>, late: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      reject(new StoreUnavailable('mysql', `no connection within ${ACQUIRE_MS} ms`));
    }, ACQUIRE_MS);
    wanted.then(
      (value) => {
        clearTimeout(timer);
        if (expired) late(value);
        else resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(unavailable(error));
      },
    );
  });
}
