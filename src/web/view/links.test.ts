import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withLinks } from './links.ts';

const hrefs = (text: string) => withLinks(text).flatMap((part) => part.href ?? []);

test('a text is split at its addresses and nothing is lost', () => {
  const text = 'See https://example.com/a and http://example.org.';
  assert.deepEqual(withLinks(text), [
    { text: 'See ' },
    { text: 'https://example.com/a', href: 'https://example.com/a' },
    { text: ' and ' },
    { text: 'http://example.org', href: 'http://example.org' },
    { text: '.' },
  ]);
});

test('what ends a sentence is no part of the address', () => {
  assert.deepEqual(hrefs('(https://example.com/a)'), ['https://example.com/a']);
  assert.deepEqual(hrefs('https://example.com/a?b=c, then'), ['https://example.com/a?b=c']);
});

test('a parenthesis that the address opened belongs to it', () => {
  assert.deepEqual(hrefs('(https://example.com/Line_(text))'), ['https://example.com/Line_(text)']);
});

test('only web addresses become links', () => {
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'ftp://example.com', 'https://', 'a<b>c']) {
    assert.deepEqual(withLinks(text), [{ text }]);
  }
});
