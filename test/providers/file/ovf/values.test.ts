import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCount, parseFlag, parseUnit, toBytes } from '../../../../providers/file/ovf/values.ts';

const UNITS: readonly (readonly [string, number])[] = [
  ['byte', 1],
  ['byte * 2^10', 1024],
  ['byte * 2^20', 2 ** 20],
  ['byte*2^30', 2 ** 30],
  ['byte * 10^9', 10 ** 9],
  ['byte * 1024', 1024],
  ['byte * 2^10 * 2^10', 2 ** 20],
  ['MegaBytes', 2 ** 20],
  ['GigaBytes', 2 ** 30],
  ['KB', 1024],
  ['MiB', 2 ** 20],
  ['GB', 2 ** 30],
];

for (const [text, factor] of UNITS) {
  test(`the unit ${text} is ${factor} bytes`, () => assert.deepEqual(parseUnit(text), { base: 'byte', factor }));
}

test('hertz * 10^6 is a megahertz', () => assert.deepEqual(parseUnit('hertz * 10^6'), { base: 'hertz', factor: 10 ** 6 }));

for (const text of ['', 'furlong', 'byte * x', 'byte * 2^-3', 'byte ** 2', 'byte * 2^90', 'byte * 0']) {
  test(`${JSON.stringify(text)} is no unit`, () => assert.equal(parseUnit(text), undefined));
}

test('counts are whole numbers that fit exactly', () => {
  assert.equal(parseCount(' 42 '), 42);
  for (const text of [undefined, '', '-1', '1.5', '0x10', '1e3', '99999999999999999', 'NaN'])
    assert.equal(parseCount(text), undefined);
});

test('a size that is no exact number of bytes is none', () => {
  assert.equal(toBytes(3, { base: 'byte', factor: 2 ** 30 }), 3 * 2 ** 30);
  assert.equal(toBytes(2 ** 40, { base: 'byte', factor: 2 ** 30 }), undefined);
  assert.equal(toBytes(1, { base: 'hertz', factor: 1 }), undefined);
});

test('flags are read in every spelling, and nothing else is', () => {
  for (const text of ['true', 'TRUE', '1', 'yes']) assert.equal(parseFlag(text), true);
  for (const text of ['false', 'False', '0', 'no']) assert.equal(parseFlag(text), false);
  for (const text of [undefined, '', 'maybe']) assert.equal(parseFlag(text), undefined);
});
