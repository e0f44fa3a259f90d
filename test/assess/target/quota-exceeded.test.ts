import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/quota-exceeded.ts';
import { claim, targetVerdicts } from '../target-verdicts.ts';

test('storage beyond the quota is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      claims: [claim('a', { size: '2Gi' })],
      facts: {
        quotas: [{ namespace: 'vms', name: 'q', hard: { 'requests.storage': 2 ** 31 }, used: { 'requests.storage': 1 } }],
      },
    }),
    ['Critical PersistentVolumeClaim/spec.resources'],
  );
});

test('the quota of a class counts its claims only', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      claims: [claim('a', { size: '2Gi', storageClassName: 'slow' }), claim('b')],
      facts: {
        storageClasses: [{ name: 'fast', provisioner: 'p', isDefault: true }],
        quotas: [
          {
            namespace: 'vms',
            name: 'q',
            hard: {
              'fast.storageclass.storage.k8s.io/requests.storage': 2 ** 30,
              'fast.storageclass.storage.k8s.io/persistentvolumeclaims': 0,
            },
          },
        ],
      },
    }),
    ['Critical PersistentVolumeClaim/spec.resources'],
  );
});

test('memory counts when the VM runs', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { memory: { guest: '2Gi' } },
      facts: { quotas: [{ namespace: 'vms', name: 'q', hard: { 'requests.memory': 2 ** 30 } }] },
    }),
    ['Critical VirtualMachine/….domain.memory.guest'],
  );
});

test('enough, or a quota elsewhere, is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      claims: [claim('a')],
      facts: {
        quotas: [
          { namespace: 'vms', name: 'q', hard: { 'requests.storage': 2 ** 30, persistentvolumeclaims: 1 } },
          { namespace: 'other', name: 'q', hard: { persistentvolumeclaims: 0 } },
        ],
      },
    }),
    [],
  );
});
