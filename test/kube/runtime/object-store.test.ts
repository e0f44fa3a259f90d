import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../../../src/kube/client/kube-client.ts';
import { byLabel, byOwner, byUid, keyOf, ObjectStore } from '../../../src/kube/runtime/object-store.ts';

function object(name: string, resourceVersion: string, more: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { metadata: { namespace: 'ns', name, uid: `uid-${name}`, resourceVersion, ...more }, spec: { load: 'much' } };
}

const nameOf = ({ metadata: { name, resourceVersion } }: KubeObject): string => `${name}@${resourceVersion}`;

test('a state that is known already is no change', () => {
  const store = new ObjectStore(nameOf);
  assert.deepEqual(store.put(object('a', '1')), [{ type: 'added', key: 'ns/a', value: 'a@1' }]);
  assert.deepEqual(store.put(object('a', '1')), []);
  assert.deepEqual(store.put(object('a', '2')), [{ type: 'modified', key: 'ns/a', value: 'a@2', before: 'a@1' }]);
  assert.deepEqual(store.remove('ns/a'), [{ type: 'deleted', key: 'ns/a', value: 'a@2', before: 'a@2' }]);
  assert.deepEqual(store.remove('ns/a'), []);
});

test('another object of the same name is one that went and one that came', () => {
  const store = new ObjectStore(nameOf);
  store.put(object('a', '1'));
  assert.deepEqual(
    store.put(object('a', '9', { uid: 'another' })).map(({ type, value }) => [type, value]),
    [
      ['deleted', 'a@1'],
      ['added', 'a@9'],
    ],
  );
});

test('objects are found by uid, owner and label, as they are now', () => {
  const store = new ObjectStore(nameOf, { uid: byUid, owner: byOwner, vm: byLabel('vm') });
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'owner' };
  store.put(object('a', '1', { ownerReferences: [owner], labels: { vm: 'web' } }));
  store.put(object('b', '1', { ownerReferences: [owner], labels: { vm: 'db' } }));
  assert.deepEqual(store.find('owner', 'owner'), ['a@1', 'b@1']);
  assert.deepEqual(store.find('vm', 'web'), ['a@1']);
  assert.deepEqual(store.find('uid', 'uid-b'), ['b@1']);
  store.put(object('a', '2', { labels: { vm: 'db' } }));
  assert.deepEqual(store.find('owner', 'owner'), ['b@1']);
  assert.deepEqual(store.find('vm', 'web'), []);
  assert.deepEqual(store.find('vm', 'db').toSorted(), ['a@2', 'b@1']);
  assert.throws(() => store.find('nothing', 'x'), /No index nothing/);
});

test('whatever happens, the store and its index are what a list of the last states is', () => {
  const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), vm: fc.constantFrom('x', 'y'), gone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const store = new ObjectStore(nameOf, { vm: byLabel('vm') });
      const plain = new Map<string, KubeObject>();
      for (const [index, { name, vm, gone }] of steps.entries()) {
        const now = object(name, String(index), { labels: { vm } });
        if (gone) store.remove(keyOf(now.metadata));
        else store.put(now);
        if (gone) plain.delete(name);
        else plain.set(name, now);
      }
      assert.deepEqual([...store.values()].toSorted(), [...plain.values()].map(nameOf).toSorted());
      for (const vm of ['x', 'y']) {
        const expected = [...plain.values()].filter(({ metadata }) => metadata.labels?.['vm'] === vm).map(nameOf);
        assert.deepEqual(store.find('vm', vm).toSorted(), expected.toSorted());
      }
      store.keepOnly(new Set(['ns/a']));
      assert.equal(store.size, plain.has('a') ? 1 : 0);
    }),
  );
});
