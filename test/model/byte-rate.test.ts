import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseByteRate } from '../../src/model/byte-rate.ts';

test('rates are read in bits and bytes, with and without «/s»', () => {
  assert.equal(parseByteRate('10Gbit'), 1.25e9);
  assert.equal(parseByteRate('800 Mbit/s'), 1e8);
  assert.equal(parseByteRate('50 MB/s'), 5e7);
  assert.equal(parseByteRate('1.5MiB'), 1.5 * 1024 * 1024);
});

test('what is no rate is refused: no unit, nothing, less than nothing', () => {
  for (const text of ['', '50', '0MB', '-1MB', '5 mb', '5  MB', '5MB/h', '1e3MB', 'MB']) {
    assert.equal(parseByteRate(text), undefined, text);
  }
});
