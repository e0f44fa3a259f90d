import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/cdrom-media.ts';
import { verdicts } from '../verdicts.ts';

test('a medium in the drive is noted', () => {
  assert.deepEqual(verdicts(rule, { cdroms: [{ key: 'ide1:0' }, { key: 'ide1:1', media: 'install.iso' }] }), [
    'Information cdroms[1].media',
  ]);
});

test('an empty drive is fine', () => {
  assert.deepEqual(verdicts(rule, { cdroms: [{ key: 'ide1:0' }] }), []);
});
