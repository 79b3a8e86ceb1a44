import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEnvelope, encodeEnvelope } from './redis-envelope.ts';

test('what is put into an envelope comes out', () => {
  const items = [{ frame: '{"a":"é\u2028"}', except_user: 'u' }, { dissolved: true }];
  assert.deepEqual(decodeEnvelope(encodeEnvelope(items)), items);
  assert.deepEqual(decodeEnvelope(encodeEnvelope([])), []);
});

test('the form on the wire stays: gateways of another version read it', () => {
  assert.equal(encodeEnvelope([{ frame: 'f' }]), '{"v":1,"items":[{"frame":"f"}]}');
});

test('a trace context and what later versions add are no obstacle', () => {
  const text = '{"v":1,"trace":{"traceparent":"00-1-2-01"},"added":7,"items":[{"frame":"f"}]}';
  assert.deepEqual(decodeEnvelope(text), [{ frame: 'f' }]);
});

test('an envelope of another version is told from one that is broken', () => {
  assert.equal(decodeEnvelope('{"v":2,"items":"of another form"}'), 'unknown_version');
  const broken = ['', '{', 'null', '7', '[]', '{}', '{"v":"1","items":[]}', '{"v":1}', '{"v":1,"items":{}}'];
  for (const text of [...broken, '{"v":1,"items":[null]}', '{"v":1,"items":["x"]}']) {
    assert.equal(decodeEnvelope(text), 'malformed', text);
  }
});
