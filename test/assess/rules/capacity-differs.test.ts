import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/capacity-differs.ts';
import { verdicts } from '../verdicts.ts';

test('another declared capacity is a warning', () => {
  assert.deepEqual(
    verdicts(rule, { extras: [{ path: 'disk[scsi0:0]/ovf:capacity', value: '2 bytes declared, 1 bytes in the image' }] }),
    ['Warning extras[0]'],
  );
});

test('other extras are not about capacity', () => {
  assert.deepEqual(verdicts(rule, { extras: [{ path: 'disk[scsi0:0]/ovf:fileRef', value: 'x' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
