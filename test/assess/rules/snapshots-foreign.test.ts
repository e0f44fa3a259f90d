import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/snapshots-foreign.ts';
import { verdicts } from '../verdicts.ts';

test('a recovery checkpoint is a warning', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { list: [{ name: 'backup', kind: 'recovery' }] } }), ['Warning snapshots.list']);
});

test('checkpoints of people are another matter', () => {
  assert.deepEqual(
    verdicts(rule, {
      snapshots: {
        list: [
          { name: 'mine', kind: 'standard' },
          { name: 'start', kind: 'automatic' },
        ],
      },
    }),
    [],
  );
});

test('a checkpoint of our own is nobody else’s', () => {
  assert.deepEqual(verdicts(rule, { snapshots: { list: [{ name: 'kubeferry web 1a2b 3', kind: 'recovery' }] } }), []);
});
