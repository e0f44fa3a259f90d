import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-filesystem-unplaced.ts';
import { verdicts } from '../verdicts.ts';

test('a file system without a disk among others is told', () => {
  assert.deepEqual(verdicts(rule, { guest: { filesystems: [{ path: 'C:\\', disks: ['scsi0:0'] }, { path: 'D:\\' }] } }), [
    'Information guest.filesystems[1].disks',
  ]);
});

test('a source that never tells the disks says nothing', () => {
  assert.deepEqual(verdicts(rule, { guest: { filesystems: [{ path: 'C:\\' }] } }), []);
});
