import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-system-missing.ts';
import { verdicts } from '../verdicts.ts';
import { asked, inspected, rootless } from './sample.ts';

const EMPTY = rootless({ systems: [] });

test('disks without a system cannot be converted, nor looked into', () => {
  for (const policy of ['convert', 'skip'] as const) {
    assert.deepEqual(verdicts(rule, {}, { guest: asked(policy), inspection: EMPTY }), ['Critical inspection.systems']);
  }
});

test('where nobody looks, and where a system is or may be, it is fine', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('none'), inspection: EMPTY }), []);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert') }), []);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: inspected() }), []);
  const closed = { ...EMPTY, encrypted: [{ device: '/dev/sda3', kind: 'luks', opened: false }] } as const;
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: closed }), []);
});
