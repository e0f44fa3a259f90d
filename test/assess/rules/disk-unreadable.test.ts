import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-unreadable.ts';
import { disk } from '../../mappings/small-vm.ts';
import { findings, verdicts } from '../verdicts.ts';

test('a disk that its own host cannot look at is critical, with the reason', () => {
  const disks = [disk(), disk({ unreadable: 'Access is denied.' })];
  assert.deepEqual(verdicts(rule, { disks }), ['Critical disks[1].unreadable']);
  assert.match(findings(rule, { disks })[0]?.assessment ?? '', /^Hard disk 1: Access is denied\. Make sure/);
});

test('a disk of which nothing is said is fine', () => {
  assert.deepEqual(verdicts(rule, { disks: [disk()] }), []);
});
