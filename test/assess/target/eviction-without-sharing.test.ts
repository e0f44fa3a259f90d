import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/eviction-without-sharing.ts';
import { claim, targetVerdicts } from '../target-verdicts.ts';

test('LiveMigrate on volumes of one node is a warning', () => {
  assert.deepEqual(targetVerdicts(rule, { template: { domain: {}, evictionStrategy: 'LiveMigrate' }, claims: [claim('a')] }), [
    'Warning VirtualMachine/….evictionStrategy',
  ]);
});

test('shared volumes are fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      template: { domain: {}, evictionStrategy: 'LiveMigrate' },
      claims: [claim('a', { accessModes: ['ReadWriteMany'] })],
    }),
    [],
  );
});

test('so is any other strategy', () => {
  assert.deepEqual(
    targetVerdicts(rule, { template: { domain: {}, evictionStrategy: 'LiveMigrateIfPossible' }, claims: [claim('a')] }),
    [],
  );
});
