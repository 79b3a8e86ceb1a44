import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharedReads } from './shared-reads.ts';

/** Reads whose ends the test brings about. */
function slowReads() {
  const reads: PromiseWithResolvers<string>[] = [];
  const read = () => {
    const one = Promise.withResolvers<string>();
    reads.push(one);
    return one.promise;
  };
  return { reads, read };
}

test('those who ask while the same is being read share the next reading', async () => {
  const { reads, read } = slowReads();
  const shared = createSharedReads<string>();
  const first = shared('a', read);
  const later = [shared('a', read), shared('a', read)];
  const other = shared('b', read);
  assert.equal(reads.length, 2, 'one of each');
  reads[0]!.resolve('old');
  assert.equal(await first, 'old');
  assert.equal(reads.length, 3);
  const evenLater = shared('a', read);
  reads[2]!.resolve('new');
  assert.deepEqual(await Promise.all(later), ['new', 'new']);
  assert.equal(reads.length, 4);
  reads[3]!.resolve('newest');
  assert.equal(await evenLater, 'newest');
  reads[1]!.resolve('b');
  assert.equal(await other, 'b');
});

test('nothing is kept: who asks when nothing is being read begins', async () => {
  const { reads, read } = slowReads();
  const shared = createSharedReads<string>();
  for (const text of ['one', 'two', 'three']) {
    const asked = shared('a', read);
    reads.at(-1)!.resolve(text);
    assert.equal(await asked, text);
  }
});

test('a failed read fails those who wanted it, and the next is read', async () => {
  const { reads, read } = slowReads();
  const shared = createSharedReads<string>();
  const first = shared('a', read);
  const second = shared('a', read);
  reads[0]!.reject(new Error('away'));
  await assert.rejects(first, /away/);
  reads[1]!.resolve('here');
  assert.equal(await second, 'here');
});
