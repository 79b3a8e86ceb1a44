import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingsOf } from './settings.ts';

const DEFAULTS = { USERS: 20, RATE: 50, DURATION: '30s' };

test('fits npm start where the environment says nothing', () => {
  const settings = settingsOf({}, DEFAULTS);
  assert.deepEqual(settings.urls, ['http://127.0.0.1:8080']);
  assert.deepEqual([settings.users, settings.rate, settings.durationMs], [20, 50, 30_000]);
  assert.deepEqual([settings.sentP99Ms, settings.deliveredP99Ms], [20, 100]);
  assert.equal(settings.secret, undefined);
  assert.equal(settings.groupSize, 2);
});

test('takes what the environment says', () => {
  const env = {
    ...{ BASE_URL: 'https://a.example/, https://b.example', USERS: '600', RATE: '0.5', DURATION: '1h30m' },
    ...{ GROUP_SIZE: '200', AUTH_JWT_SECRET: 'key', SENT_P99_MS: '35', SUMMARY_DIR: 'elsewhere/summary' },
  };
  const settings = settingsOf(env, { ...DEFAULTS, GROUP_SIZE: 50 });
  assert.deepEqual(settings.urls, ['https://a.example', 'https://b.example']);
  assert.deepEqual([settings.users, settings.rate, settings.durationMs], [600, 0.5, 5_400_000]);
  assert.deepEqual([settings.groupSize, settings.sentP99Ms, settings.secret], [200, 35, 'key']);
  assert.equal(settings.summaryDir, 'elsewhere/summary');
});

test('has no more VUs than conversations', () => {
  assert.equal(settingsOf({ USERS: '7' }, DEFAULTS).vus, 3);
  assert.equal(settingsOf({ USERS: '1000', VUS: '4' }, DEFAULTS).vus, 4);
});

test('names the variable that is wrong', () => {
  const wrong = {
    ...{ USERS: '2.5', RATE: 'fast', DURATION: '30', SETTLE: '5 s', VUS: '0' },
    ...{ BASE_URL: '127.0.0.1:8080', CONTENT_BYTES: '20000', READY_MS: '-1' },
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.throws(() => settingsOf({ [name]: value }, DEFAULTS), new RegExp(`^Error: ${name} must be`));
  }
  assert.throws(() => settingsOf({ USERS: '10' }, { ...DEFAULTS, GROUP_SIZE: 50 }), /USERS must be at least/);
});

test('the page shows every variable that is read', () => {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
  const used = read('settings.ts').matchAll(/\benv\.([A-Z]\w+)|(?:number|msOf)\('([A-Z]\w+)'/g);
  const shown = read('../README.md').matchAll(/^\| `([A-Z0-9_]+)`(?:, `([A-Z0-9_]+)`)? \|/gm);
  const names = (matches: Iterable<RegExpMatchArray>) =>
    [...new Set([...matches].flatMap(([, ...groups]) => groups.filter(Boolean)))].sort();
  // The command, not the settings, knows where k6 is.
  assert.deepEqual(
    names(shown).filter((name) => name !== 'K6'),
    names(used),
  );
});
