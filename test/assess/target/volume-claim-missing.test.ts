import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/volume-claim-missing.ts';
import { claim, targetVerdicts } from '../target-verdicts.ts';

test('a claim that is nowhere is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      template: { domain: {}, volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'c' } }] },
      facts: { claims: [] },
    }),
    ['Critical VirtualMachine/….volumes[0]'],
  );
});

test('a claim of the plan or of the cluster is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      template: {
        domain: {},
        volumes: [
          { name: 'a', persistentVolumeClaim: { claimName: 'c' } },
          { name: 'b', persistentVolumeClaim: { claimName: 'd' } },
        ],
      },
      claims: [claim('c')],
      facts: { claims: [{ namespace: 'vms', name: 'd' }] },
    }),
    [],
  );
});
