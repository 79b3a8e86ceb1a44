import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplyError } from 'ioredis';
import { StoreUnavailable } from '../../ports/errors.ts';
import { reach } from './redis-errors.ts';

async function outcomeOf(error: Error): Promise<Error> {
  return reach(() => Promise.reject(error)).then(
    () => assert.fail('it resolved'),
    (outcome: Error) => outcome,
  );
}

test('what may pass is StoreUnavailable: no answer, and answers that refuse whatever is asked', async () => {
  const none = ['Command timed out', 'Connection is closed.', 'connect ECONNREFUSED'].map(
    (m) => new Error(m),
  );
  const refusals = [
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica. script: 5f, on @user_script:27.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'NOAUTH Authentication required.',
    'MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk',
  ].map((m) => new ReplyError(m));
  for (const error of [...none, ...refusals]) {
    const outcome = await outcomeOf(error);
    assert.ok(outcome instanceof StoreUnavailable, error.message);
    assert.equal(outcome.store, 'redis');
    assert.equal(outcome.cause, error);
  }
});

test('any other answer is a fault', async () => {
  for (const message of [
    'WRONGTYPE Operation against a key',
    'ERR syntax error',
    'ERR OOM is no code here',
  ]) {
    const error = new ReplyError(message);
    assert.equal(await outcomeOf(error), error);
  }
});

test('no error holds what was sent', async () => {
  const command = { name: 'eval', args: ['what somebody wrote'] };
  for (const message of ['READONLY', 'ERR syntax error']) {
    const error = Object.assign(new ReplyError(message), { command });
    const { cause, ...outcome } = await outcomeOf(error);
    assert.doesNotMatch(JSON.stringify([outcome, { ...(cause as object) }]), /somebody/);
  }
});
