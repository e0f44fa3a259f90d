import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-count.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('more than 256 are refused', () => {
  assert.deepEqual(verdicts(rule, { disks: Array.from({ length: 257 }, () => disk()) }), ['Critical disks']);
});

test('more than 165 are a warning', () => {
  assert.deepEqual(verdicts(rule, { disks: Array.from({ length: 166 }, () => disk()) }), ['Warning disks']);
});

test('165 are fine', () => {
  assert.deepEqual(verdicts(rule, { disks: Array.from({ length: 165 }, () => disk()) }), []);
});
