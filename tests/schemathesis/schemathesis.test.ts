import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { seedOf } from '../faults/seeded-random.ts';
import { apiOf, assertOk, call } from '../harness/api.ts';
import { freshUser } from '../harness/names.ts';
import { useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const PROGRAM = process.env.SCHEMATHESIS;
const CONFIG = path.join(import.meta.dirname, 'schemathesis.toml');
/** The same unless told, so that a change is judged by itself. */
const SEED = seedOf(process.env.SEED ?? '7');
/** Random calls of each operation, beside those at the edges of its schema and the walks from one call to another. */
const EXAMPLES = process.env.EXAMPLES ?? '25';
const RUN_MS_MAX = 900_000;

const target = await useTarget({ AUTH_DEV_TOKENS: 'true' });
const dir = await mkdtemp(path.join(os.tmpdir(), 'seqline-schemathesis-'));
after(() => rm(dir, { recursive: true, force: true }));

/** Runs it against all that the document names, as a user who is logged in; what it writes, it writes into `dir`. */
async function schemathesis(token: string): Promise<{ status: number; output: string }> {
  const options = ['--seed', String(SEED), '--max-examples', EXAMPLES, '--max-failures', '20'];
  const quiet = ['--no-color', '--generation-database', 'none', '--output-sanitize', 'true'];
  const url = `${target.nextUrl()}/v1/openapi.json`;
  const bearer = ['--header', `Authorization: Bearer ${token}`];
  const child = spawn(PROGRAM!, ['--config-file', CONFIG, 'run', url, ...bearer, ...options, ...quiet], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  const [status] = await once(child, 'close');
  return { status, output };
}

test('every call answers as the OpenAPI document says, whatever it is given, and never with 5xx', {
  skip: !PROGRAM && 'set SCHEMATHESIS to the program of that name',
}, async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const { paths } = (await call(target, 'GET', '/v1/openapi.json')).body;
  const operations = Object.values(paths as Record<string, object>).flatMap(Object.keys).length;
  const user = freshUser('api');
  const { status, output } = await schemathesis(tokenOf(target.secret, user));
  assert.equal(status, 0, `SEED=${SEED}\n${output}`);
  assert.match(output, new RegExp(`Tested: ${operations}\\b`), 'each operation was tried');
  t.diagnostic(/^ *\d+ generated.*$/m.exec(output)![0].trim());
  assert.ok(!target.own().log().includes('"level":"error"'), target.own().log());
  assertOk(await apiOf(target, user).get('/v1/me'));
});
