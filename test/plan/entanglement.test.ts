import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Relation, RelationKind } from '../../src/model/estimate.ts';
import { entanglement, JOINED_BY_DEFAULT } from '../../src/plan/entanglement.ts';

function relation(kind: RelationKind, key: string, ...members: readonly string[]): Relation {
  return { kind, key, members };
}

test('VMs that share something are one group, also through others, and the reasons are kept', () => {
  const groups = entanglement(
    ['a', 'b', 'c', 'd', 'e'],
    [
      relation('shared-disk', 'quorum', 'c', 'b'),
      relation('anti-affinity', 'web', 'b', 'a'),
      relation('application', 'mail', 'd', 'e'),
    ],
  );
  assert.deepEqual(groups, [
    {
      key: 'a',
      members: ['a', 'b', 'c'],
      relations: [
        { kind: 'anti-affinity', key: 'web' },
        { kind: 'shared-disk', key: 'quorum' },
      ],
      outside: [],
    },
    { key: 'd', members: ['d', 'e'], relations: [{ kind: 'application', key: 'mail' }], outside: [] },
  ]);
});

test('a common network joins VMs only when that is asked for', () => {
  const network = [relation('network', 'VM Network', 'a', 'b')];
  assert.deepEqual(entanglement(['a', 'b'], network), []);
  assert.equal(entanglement(['a', 'b'], network, [...JOINED_BY_DEFAULT, 'network']).length, 1);
});

test('partners outside of the plan are named, even when one VM is left alone', () => {
  assert.deepEqual(entanglement(['a'], [relation('shared-disk', 'quorum', 'z', 'a', 'y')]), [
    { key: 'a', members: ['a'], relations: [{ kind: 'shared-disk', key: 'quorum' }], outside: ['y', 'z'] },
  ]);
});

test('a relation of one VM with itself, or of strangers, joins nothing', () => {
  assert.deepEqual(entanglement(['a'], [relation('affinity', 'r', 'a', 'a'), relation('affinity', 's', 'x', 'y')]), []);
});

const ids = Array.from({ length: 12 }, (_, index) => `vm-${index}`);
const relations = fc.array(
  fc.record({
    kind: fc.constantFrom<RelationKind>('shared-disk', 'affinity', 'application'),
    key: fc.constantFrom('k', 'l', 'm'),
    members: fc.subarray(ids, { minLength: 1, maxLength: 4 }),
  }),
  { maxLength: 8 },
);

test('every VM is in one group at most, and every relation lies within one', () => {
  fc.assert(
    fc.property(relations, (list) => {
      const groups = entanglement(ids, list);
      const members = groups.flatMap((group) => group.members);
      assert.equal(new Set(members).size, members.length);
      for (const { members: tied } of list.filter((each) => each.members.length > 1)) {
        assert.equal(groups.filter((group) => tied.some((id) => group.members.includes(id))).length, 1);
      }
    }),
    { seed: 7 },
  );
});

test('the order of VMs, relations and members has no influence', () => {
  fc.assert(
    fc.property(relations, (list) => {
      const turned = list.map((each) => ({ ...each, members: each.members.toReversed() })).toReversed();
      assert.deepEqual(entanglement(ids.toReversed(), turned), entanglement(ids, list));
    }),
    { seed: 7 },
  );
});
