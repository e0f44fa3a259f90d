import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factSource } from '../../src/assess/fact-sources.ts';

test('the longest path that is known decides', () => {
  assert.match(factSource('disks[].serial'), /uuid/);
  assert.equal(factSource('disks[].label'), factSource('disks'));
  assert.equal(factSource('guest.filesystems[].free'), factSource('guest.filesystems'));
  assert.equal(factSource('VirtualMachine/metadata.name'), factSource('VirtualMachine'));
});

test('a subject that nobody knows is a bug', () => {
  assert.throws(() => factSource('colour'), /colour/);
});
