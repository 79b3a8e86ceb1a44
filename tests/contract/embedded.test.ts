import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDiskBlobs } from '../../src/adapters/disk/disk-blobs.ts';
import { createMemoryInbox } from '../../src/adapters/memory/memory-inbox.ts';
import { createMemoryPushBus } from '../../src/adapters/memory/memory-push-bus.ts';
import { createMemoryRegistry } from '../../src/adapters/memory/memory-registry.ts';
import { createMemorySequencer } from '../../src/adapters/memory/memory-sequencer.ts';
import { createSqliteEventLog } from '../../src/adapters/sqlite/sqlite-event-log.ts';
import { createSqliteTimeline } from '../../src/adapters/sqlite/sqlite-timeline.ts';
import { blobsContract } from './blobs.contract.ts';
import { eventLogContract } from './event-log.contract.ts';
import { inboxContract } from './inbox.contract.ts';
import { pushBusContract } from './push-bus.contract.ts';
import { registryContract } from './registry.contract.ts';
import { sequencerContract } from './sequencer.contract.ts';
import { timelineContract } from './timeline.contract.ts';

const TTL_MS = 60_000;

sequencerContract('memory', async () => ({
  sequencer: createMemorySequencer(),
  async [Symbol.asyncDispose]() {},
}));

inboxContract('memory', async () => {
  const clock = createClock();
  const length = 20;
  const registry = createMemoryRegistry({ ttlMs: TTL_MS, now: clock.now });
  const create = () => createMemoryInbox({ length, ttlMs: TTL_MS, now: clock.now, registry });
  return {
    ...clock,
    inbox: create(),
    registry,
    length,
    ttlMs: TTL_MS,
    lose: async () => create(),
    ...nothingToDispose,
  };
});

registryContract('memory', async () => {
  const clock = createClock();
  const create = () => createMemoryRegistry({ ttlMs: TTL_MS, now: clock.now });
  return { ...clock, registry: create(), ttlMs: TTL_MS, lose: async () => create(), ...nothingToDispose };
});

pushBusContract('memory', async () => {
  const bus = createMemoryPushBus();
  return { bus, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() };
});

eventLogContract('sqlite', async () => {
  const partitions = 4;
  const queueMax = 300;
  const { adapter, ...fixture } = await openInDirectory((dir) =>
    createSqliteEventLog({ path: join(dir, 'event-log.sqlite'), partitions, queueMax, batchMax: 50 }),
  );
  return { ...fixture, log: adapter, partitions, queueMax };
});

timelineContract('sqlite', async () => {
  const { adapter, ...fixture } = await openInDirectory((dir) =>
    createSqliteTimeline({ path: join(dir, 'timeline.sqlite') }),
  );
  return { ...fixture, timeline: adapter };
});

blobsContract('disk', async () => {
  const { adapter, ...fixture } = await openInDirectory((dir) => ({
    ...createDiskBlobs({ dir }),
    async [Symbol.asyncDispose]() {},
  }));
  return { ...fixture, blobs: adapter };
});

const nothingToDispose = { async [Symbol.asyncDispose]() {} };

function createClock() {
  let time = 1_700_000_000_000;
  return {
    now: () => time,
    async elapse(ms: number) {
      time += ms;
    },
  };
}

/** Opens an adapter on a directory of its own, which goes with the fixture. */
async function openInDirectory<T extends AsyncDisposable>(open: (dir: string) => T) {
  const dir = await mkdtemp(join(tmpdir(), 'seqline-contract-'));
  const adapter = open(dir);
  let current = adapter;
  return {
    adapter,
    async reopen() {
      await current[Symbol.asyncDispose]();
      current = open(dir);
      return current;
    },
    async [Symbol.asyncDispose]() {
      await current[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}
