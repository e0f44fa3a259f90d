import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/kube/client/kube-client.ts';
import { controllerOf, ownedBy } from '../../../src/kube/runtime/owners.ts';
import { configMap } from '../cluster.ts';

const OWNER: KubeObject = {
  apiVersion: 'kubeferry.dev/v1alpha1',
  kind: 'VmMigration',
  metadata: { namespace: 'default', name: 'web', uid: '1' },
};

test('an owner stands among the owners once, as what it was said to be last', () => {
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'other', uid: '2' };
  const once = ownedBy({ name: 'owned', namespace: 'default', ownerReferences: [other] }, OWNER);
  assert.equal(controllerOf({ metadata: once }), undefined);
  const twice = ownedBy(once, OWNER, { controller: true, blocking: true });
  const reference = { apiVersion: 'kubeferry.dev/v1alpha1', kind: 'VmMigration', name: 'web', uid: '1' };
  assert.deepEqual(twice.ownerReferences, [other, { ...reference, controller: true, blockOwnerDeletion: true }]);
  assert.equal(controllerOf({ metadata: twice })?.name, 'web');
});

test('an owner that the cluster would not accept is refused: it would delete the object at once', () => {
  assert.throws(() => ownedBy({ name: 'a', namespace: 'elsewhere' }, OWNER), /another namespace/);
  assert.throws(() => ownedBy({ name: 'a' }, OWNER), /another namespace/);
  assert.throws(() => ownedBy({ name: 'a', namespace: 'default' }, configMap('b')), /not stored yet/);
});
