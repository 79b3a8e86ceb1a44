import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE_FLAGS } from '../../scripts/node-flags.ts';
import { projectSources } from './source.ts';

const text = (path: string) => projectSources().find((source) => source.path === path)!.text;

test('the image starts Node.js as benches and the local cluster do', () => {
  const entries = [...text('Dockerfile').matchAll(/^ENTRYPOINT (.*)$/gm)].map(([, json]) =>
    JSON.parse(json!),
  );
  assert.equal(entries.length, 2);
  for (const [program, ...rest] of entries) {
    assert.equal(program, 'node');
    assert.deepEqual(rest.slice(0, NODE_FLAGS.length), NODE_FLAGS);
  }
});

const ROLES = { start: 'standalone', standalone: 'standalone', gateway: 'gateway', worker: 'worker' };

for (const [script, role] of Object.entries(ROLES)) {
  test(`npm run ${script} starts Node.js so too`, () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    assert.equal(scripts[script], `node ${NODE_FLAGS.join(' ')} src/main.ts ${role}`);
  });
}
