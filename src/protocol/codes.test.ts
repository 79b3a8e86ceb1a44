import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { CLOSES, CODES, closeByCode, codeName, type Reconnect, type Retry } from './codes.ts';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** How the reference words what a client does next. */
const RETRY_WORDS: Record<string, Retry> = {
  '–': 'none',
  no: 'none',
  'after a new token': 'new_token',
  yes: 'now',
  'yes, after `payload.retry_after_ms`': 'after',
};
const RECONNECT_WORDS: Record<string, Reconnect> = {
  no: 'no',
  yes: 'yes',
  'yes, later': 'yes',
  'yes, then it pulls': 'yes',
  'yes, after the time that `drain` named': 'drain',
  'after a new token': 'new_token',
};

describe('docs/protocol.md', () => {
  test('shows the codes of answers as they are', () => {
    const shown = rowsUnder('## Codes').map(([code, name, retry]) => [
      name!,
      { code: Number(code), retry: RETRY_WORDS[retry!] },
    ]);
    assert.deepEqual(shown, Object.entries(CODES));
  });

  test('shows the close codes as they are', () => {
    const shown = rowsUnder('## Closes').map(([code, name, , reconnect]) => [
      name!,
      { code: Number(code), reconnect: RECONNECT_WORDS[reconnect!] },
    ]);
    assert.deepEqual(shown, Object.entries(CLOSES));
  });
});

describe('codes', () => {
  test('are found by their number', () => {
    assert.equal(codeName(CODES.conflict.code), 'conflict');
    assert.equal(codeName(418), undefined);
    assert.deepEqual(closeByCode(CLOSES.restart.code), { name: 'restart', reconnect: 'drain' });
    assert.equal(closeByCode(1006), undefined);
  });
});

/** The cells of the first table after the heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const lines = page.split('\n');
  const start = lines.findIndex((line, i) => i > lines.indexOf(heading) && line.startsWith('|'));
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
