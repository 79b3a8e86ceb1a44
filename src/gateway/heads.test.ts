import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHeads } from './heads.ts';

/** A store whose reads the test answers. */
function slowStore() {
  const reads: { ids: string[]; answer: PromiseWithResolvers<Map<string, number>> }[] = [];
  const headSeqs = (ids: string[]) => {
    const answer = Promise.withResolvers<Map<string, number>>();
    reads.push({ ids, answer });
    return answer.promise;
  };
  return { reads, headSeqs };
}

test('what is asked while a read is under way is read together afterwards', async () => {
  const { reads, headSeqs } = slowStore();
  const head = createHeads({ headSeqs });
  const first = head('a');
  const later = [head('a'), head('b'), head('b'), head('none')];
  assert.deepEqual(
    reads.map(({ ids }) => ids),
    [['a']],
  );
  reads[0]!.answer.resolve(new Map([['a', 1]]));
  assert.equal(await first, 1);
  assert.deepEqual(reads[1]!.ids, ['a', 'b', 'none']);
  reads[1]!.answer.resolve(new Map(Object.entries({ a: 2, b: 5 })));
  assert.deepEqual(await Promise.all(later), [2, 5, 5, 0], 'never a head that is older than the question');
});

test('a failed read fails those who asked, and the next is read anew', async () => {
  const { reads, headSeqs } = slowStore();
  const head = createHeads({ headSeqs });
  const first = head('a');
  reads[0]!.answer.reject(new Error('away'));
  await assert.rejects(first, /away/);
  const second = head('a');
  reads[1]!.answer.resolve(new Map([['a', 3]]));
  assert.equal(await second, 3);
});
