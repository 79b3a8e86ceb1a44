import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '../ports/errors.ts';
import type { Batch } from '../ports/event-log.ts';
import { type GatheredBatch, gatherBatches } from './gather-batches.ts';

type Gathered = GatheredBatch<'messages'>;

/** A batch whose records are known by their keys. */
function batchOf(partition: number, keys: string[], owned = () => true): Batch<'messages'> {
  return {
    partition,
    records: keys.map((key, offset) => ({ offset, key, event: undefined, raw: '' })),
    owned,
  };
}

function manyKeys(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

const keysOf = ({ records }: Gathered) => records.map(({ key }) => key);

/** Work that goes on until the test ends it, one piece after the other. */
function heldWork() {
  const begun: { batch: Gathered; end: PromiseWithResolvers<void> }[] = [];
  const work = (batch: Gathered) => {
    const end = Promise.withResolvers<void>();
    begun.push({ batch, end });
    return end.promise;
  };
  return { begun, handler: gatherBatches(work) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('batches that come in the same turn are worked on as one, in their order', async () => {
  const works: Gathered[] = [];
  const handler = gatherBatches<'messages'>(async (batch) => void works.push(batch));
  await Promise.all([
    handler(batchOf(3, ['a', 'b'])),
    handler(batchOf(7, ['c'])),
    handler(batchOf(5, ['d'])),
  ]);
  assert.deepEqual(works.map(keysOf), [['a', 'b', 'c', 'd']]);
  assert.deepEqual(works[0]!.partitions, [3, 7, 5]);
});

test('a batch is done when what it went along with is done, and not before', async () => {
  const { begun, handler } = heldWork();
  const done: number[] = [];
  const both = [1, 2].map((partition) => handler(batchOf(partition, ['k'])).then(() => done.push(partition)));
  await turn();
  assert.equal(begun.length, 1);
  await turn();
  assert.deepEqual(done, []);
  begun[0]!.end.resolve();
  await Promise.all(both);
  assert.deepEqual(done, [1, 2]);
});

test('one work is under way at a time; what comes meanwhile goes together after it', async () => {
  const { begun, handler } = heldWork();
  const all: Promise<void>[] = [];
  for (const partition of [1, 2, 3]) {
    all.push(handler(batchOf(partition, [`k${partition}`])));
    await turn();
    await turn();
  }
  const works = () => begun.map(({ batch }) => keysOf(batch));
  assert.deepEqual(works(), [['k1']]);
  begun[0]!.end.resolve();
  await turn();
  assert.deepEqual(works(), [['k1'], ['k2', 'k3']]);
  begun[1]!.end.resolve();
  await Promise.all(all);
});

test('a work has 1,000 records at most, unless one batch has more', async () => {
  const works: Gathered[] = [];
  const handler = gatherBatches<'messages'>(async (batch) => void works.push(batch));
  const sizes = [600, 400, 1, 1500, 2];
  await Promise.all(sizes.map((size, partition) => handler(batchOf(partition, manyKeys(size)))));
  assert.deepEqual(
    works.map(({ records }) => records.length),
    [1000, 1, 1500, 2],
  );
});

test('where a store is out of reach, all that went together come again', async () => {
  let works = 0;
  const handler = gatherBatches<'messages'>(async () => {
    works++;
    throw new StoreUnavailable('mysql', 'away');
  });
  const outcomes = await Promise.allSettled([handler(batchOf(1, ['a'])), handler(batchOf(2, ['b']))]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(works, 1);
});

test('where the work fails for another reason, each partition is tried by itself', async () => {
  const works: string[][] = [];
  const handler = gatherBatches<'messages'>(async (batch) => {
    works.push(keysOf(batch));
    if (keysOf(batch).includes('bad')) throw new Error('cannot be stored');
  });
  const outcomes = await Promise.allSettled([
    handler(batchOf(1, ['a'])),
    handler(batchOf(2, ['bad'])),
    handler(batchOf(3, ['c'])),
  ]);
  assert.deepEqual(works, [['a', 'bad', 'c'], ['a'], ['bad'], ['c']]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('a batch whose partition moved while it waited is given back, and the others go on', async () => {
  const works: string[][] = [];
  const handler = gatherBatches<'messages'>(async (batch) => void works.push(keysOf(batch)));
  const outcomes = await Promise.allSettled([
    handler(batchOf(1, ['a'], () => false)),
    handler(batchOf(2, ['b'])),
  ]);
  assert.deepEqual(works, [['b']]);
  const [moved, other] = outcomes;
  assert.ok(moved!.status === 'rejected' && moved.reason instanceof StoreUnavailable);
  assert.equal(other!.status, 'fulfilled');
});

test('a work is owned for as long as each of its partitions is', async () => {
  const { begun, handler } = heldWork();
  let owned = true;
  const both = [handler(batchOf(1, ['a'])), handler(batchOf(2, ['b'], () => owned))];
  await turn();
  const { batch, end } = begun[0]!;
  assert.equal(batch.owned(), true);
  owned = false;
  assert.equal(batch.owned(), false);
  end.resolve();
  await Promise.all(both);
});
