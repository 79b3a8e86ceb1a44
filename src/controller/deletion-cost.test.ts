import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costChanges } from './deletion-cost.ts';

/** What is written for one pod of that cost which holds that many connections; undefined where nothing is. */
function change(deletionCost: number, connections: number | undefined): number | undefined {
  const signs = connections === undefined ? [] : [{ gatewayId: 'g', at: 0, connections }];
  return costChanges([{ name: 'g', deletionCost }], signs)[0]?.deletionCost;
}

test('a pod costs as many as it holds connections', () => {
  const pods = ['a', 'b'].map((name) => ({ name, deletionCost: 0 }));
  const signs = [
    { gatewayId: 'b', at: 0, connections: 900 },
    { gatewayId: 'a', at: 0, connections: 30 },
    { gatewayId: 'elsewhere', at: 0, connections: 5 },
  ];
  assert.deepEqual(costChanges(pods, signs), [
    { name: 'a', deletionCost: 30 },
    { name: 'b', deletionCost: 900 },
  ]);
});

test('what is near enough is left alone', () => {
  assert.equal(change(1000, 1200), undefined);
  assert.equal(change(1000, 1201), 1201);
  assert.equal(change(1000, 799), 799);
  assert.equal(change(5, 15), undefined);
  assert.equal(change(5, 16), 16);
});

test('an empty pod is told from one that is not, and one that says nothing costs nothing', () => {
  assert.equal(change(0, 1), 1);
  assert.equal(change(1, 0), 0);
  assert.equal(change(0, 0), undefined);
  assert.equal(change(40, undefined), 0);
  assert.equal(change(0, undefined), undefined);
});
