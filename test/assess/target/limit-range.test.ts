import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/limit-range.ts';
import { claim, targetVerdicts } from '../target-verdicts.ts';

test('claims that are too large or too small are critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      claims: [claim('a', { size: '3Gi' }), claim('b', { size: '1Mi' }), claim('c')],
      facts: {
        limitRanges: [
          { namespace: 'vms', name: 'l', type: 'PersistentVolumeClaim', min: { storage: 2 ** 30 }, max: { storage: 2 ** 31 } },
        ],
      },
    }),
    ['Critical PersistentVolumeClaim/a/spec.resources', 'Critical PersistentVolumeClaim/b/spec.resources'],
  );
});

test('too much memory for a container is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { memory: { guest: '2Gi' } },
      facts: { limitRanges: [{ namespace: 'vms', name: 'l', type: 'Container', max: { memory: 2 ** 30 } }] },
    }),
    ['Critical VirtualMachine/….domain.memory.guest'],
  );
});

test('what fits is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { memory: { guest: '1Gi' } },
      claims: [claim('a')],
      facts: {
        limitRanges: [
          { namespace: 'vms', name: 'l', type: 'Pod', max: { memory: 2 ** 30 } },
          { namespace: 'other', name: 'l', type: 'PersistentVolumeClaim', max: { storage: 1 } },
        ],
      },
    }),
    [],
  );
});
