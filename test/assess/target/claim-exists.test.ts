import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/claim-exists.ts';
import { claim, targetVerdicts } from '../target-verdicts.ts';

test('a claim of that name is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      claims: [claim('web-disk-0'), claim('web-disk-1')],
      facts: { claims: [{ namespace: 'vms', name: 'web-disk-1' }] },
    }),
    ['Critical PersistentVolumeClaim/web-disk-1/metadata.name'],
  );
});

test('a claim elsewhere is not', () => {
  assert.deepEqual(
    targetVerdicts(rule, { claims: [claim('web-disk-0')], facts: { claims: [{ namespace: 'other', name: 'web-disk-0' }] } }),
    [],
  );
});
