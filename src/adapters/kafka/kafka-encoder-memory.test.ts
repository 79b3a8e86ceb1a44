import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import './kafka-client.ts';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder');
const Decoder = require('kafkajs/src/protocol/decoder');
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0');
const decodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/decoder');

describe('encoding a request', () => {
  for (const length of [0, 1, 400, 511, 512, 513, 1023, 1024, 4096, 70_000, 1_000_000]) {
    test(`keeps a record of ${length} bytes, whatever was in the memory before`, () => {
      const value = 'ü'.repeat(length / 2) + 'x'.repeat(length % 2);
      const encoded = encodeRecord({ key: 'p2p:ann:bob', value, headers: { traceparent: '00-1-1-01' } });
      // Its size comes first.
      const decoder = new Decoder(encoded.buffer);
      assert.equal(decoder.readVarInt(), decoder.buffer.length - decoder.offset);
      const record = decodeRecord(decoder, { firstOffset: '0', firstTimestamp: '0', magicByte: 2 });
      assert.equal(record.key.toString(), 'p2p:ann:bob');
      assert.equal(record.value.toString(), value);
      assert.equal(record.headers.traceparent.toString(), '00-1-1-01');
    });
  }

  test('keeps what encoders write in turns apart', () => {
    const encoders = Array.from({ length: 50 }, () => new Encoder());
    for (let round = 0; round < 200; round++) {
      encoders.forEach((encoder, i) => void encoder.writeInt32(i).writeString(`${round}`));
    }
    encoders.forEach((encoder, i) => {
      const decoder = new Decoder(encoder.buffer);
      for (let round = 0; round < 200; round++) {
        assert.equal(decoder.readInt32(), i);
        assert.equal(decoder.readString(), `${round}`);
      }
      assert.equal(decoder.offset, encoder.size());
    });
  });

  test('takes small memory from the pool, and none where nothing is written', () => {
    const encoder = new Encoder();
    assert.equal(encoder.buf.length, 0);
    encoder.writeInt8(1);
    assert.ok(encoder.buf.buffer.byteLength > encoder.buf.length);
  });
});
