import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatApart, formatBytes, GiB, MiB, parseMac, parseUuid, roundUp, toQuantity } from '../../src/model/units.ts';

test('a MAC is read in every usual spelling and written with colons in lower case', () => {
  for (const text of ['00:50:56:AB:CD:EF', '00-50-56-ab-cd-ef', '0050.56ab.cdef', '005056ABCDEF', ' 00:50:56:ab:cd:ef ']) {
    assert.equal(parseMac(text), '00:50:56:ab:cd:ef');
  }
  for (const text of ['', '00:50:56:ab:cd', '00:50:56:ab:cd:eg', 'g05056abcdef']) assert.equal(parseMac(text), undefined);
});

test('a UUID is read dashed, in braces, as urn and in the spaced form of VMX files', () => {
  const expected = '564d1234-5678-9abc-def0-112233445566';
  for (const text of [
    expected,
    `{${expected.toUpperCase()}}`,
    `urn:uuid:${expected}`,
    '56 4d 12 34 56 78 9a bc-de f0 11 22 33 44 55 66',
  ]) {
    assert.equal(parseUuid(text), expected);
  }
  assert.equal(parseUuid('56 4d'), undefined);
});

test('a quantity says exactly the bytes in the largest unit that divides them', () => {
  assert.equal(toQuantity(20 * GiB), '20Gi');
  assert.equal(toQuantity(1537 * MiB), '1537Mi');
  assert.equal(toQuantity(GiB + 1), '1073741825');
  assert.equal(toQuantity(0), '0');
});

test('bytes for people have three digits and never read 1024 of a unit', () => {
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(1023), '1023 B');
  assert.equal(formatBytes(1536), '1.50 KiB');
  assert.equal(formatBytes(GiB - 1), '1.00 GiB');
  assert.equal(formatBytes(40 * GiB), '40.0 GiB');
  assert.equal(formatBytes(400 * GiB), '400 GiB');
});

test('rounding up reaches the next multiple and keeps a multiple', () => {
  assert.equal(roundUp(1, MiB), MiB);
  assert.equal(roundUp(MiB, MiB), MiB);
  assert.equal(roundUp(MiB + 1, MiB), 2 * MiB);
});

test('two counts that read the same are told apart by their bytes', () => {
  assert.deepEqual(formatApart(GiB, 2 * GiB), ['1.00 GiB', '2.00 GiB']);
  assert.deepEqual(formatApart(GiB, GiB - 1), [`${GiB} bytes`, `${GiB - 1} bytes`]);
});
