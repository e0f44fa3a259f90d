import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/bus-sharing.ts';
import { verdicts } from '../verdicts.ts';

test('a shared SCSI bus is critical', () => {
  assert.deepEqual(
    verdicts(rule, {
      controllers: [
        { key: 'scsi0', kind: 'pvscsi' },
        { key: 'scsi1', kind: 'lsisas', sharing: 'physical' },
      ],
    }),
    ['Critical controllers[1].sharing'],
  );
});

test('an unshared bus is fine', () => {
  assert.deepEqual(verdicts(rule, { controllers: [{ key: 'scsi0', kind: 'pvscsi', sharing: 'none' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
