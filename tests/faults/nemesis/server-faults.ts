import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { bringBack, FAULTS, type ServerName, takeAway } from '../../harness/lab.ts';
import type { OwnRedis } from '../../harness/own-redis.ts';
import { type Fault, NOTHING_TO_HEAL } from './fault.ts';

/** A server is ended in good order, killed, or sleeps. */
export function serverFaults(server: ServerName): Fault[] {
  return FAULTS.map((fault) => ({
    name: `${fault} of ${server}`,
    subject: server,
    async begin() {
      await takeAway(server, fault);
      return () => bringBack(server, fault);
    },
  }));
}

/** MySQL serves reads and takes no writes, as after a failover to a replica, or when its disk is full. */
export function readOnlyFault(adminUrl: string): Fault {
  return {
    name: 'read-only mysql',
    subject: 'mysql',
    async begin() {
      await administer(adminUrl, 'SET GLOBAL super_read_only = ON');
      // The one implies the other, and does not take it back.
      return () => administer(adminUrl, 'SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF');
    },
  };
}

async function administer(adminUrl: string, ...statements: string[]): Promise<void> {
  const connection = await createConnection(adminUrl);
  try {
    for (const statement of statements) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Beside being away, Redis may forget all of what it held, or the newest of it. */
export function redisFaults(redis: OwnRedis): Fault[] {
  const subject = 'redis';
  return [
    {
      name: 'kill of redis',
      subject,
      async begin() {
        await redis.kill();
        return () => redis.start();
      },
    },
    {
      name: 'stop of redis',
      subject,
      async begin() {
        await redis.signal('SIGTERM');
        return () => redis.start();
      },
    },
    {
      name: 'pause of redis',
      subject,
      async begin() {
        redis.pause();
        return async () => redis.resume();
      },
    },
    {
      name: 'flush of redis',
      subject,
      async begin() {
        const connection = new Redis(redis.url);
        await connection.flushall();
        connection.disconnect();
        return NOTHING_TO_HEAL;
      },
    },
    {
      name: 'older disk of redis',
      subject,
      // It goes on as it is, and is found on its old disk in the end.
      begin: () => redis.remember(),
    },
  ];
}
