import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Category, Concern } from '../../src/model/concern.ts';
import type { Estimate } from '../../src/model/estimate.ts';
import { TiB } from '../../src/model/units.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { estimate } from '../../src/plan/estimate.ts';
import { estimateBasis } from '../../src/plan/figures.ts';
import { readiness } from '../../src/plan/readiness.ts';
import { fakeVm } from '../fakes/vm.ts';

const BASIS = estimateBasis();

function concern(category: Category): Concern {
  return { id: 'x', category, label: 'x', assessment: 'x', subject: 'x' };
}

function cold(vm: SourceVm): Estimate {
  return estimate(vm, BASIS, { type: 'cold' });
}

function sized(capacity: number): SourceVm {
  return fakeVm({ disks: [{ key: 'a', label: 'a', capacity, format: { container: 'raw' } }] });
}

function score(vm: SourceVm, concerns: readonly Concern[] = []): number {
  return readiness(vm, { concerns, estimate: cold(vm) }).score;
}

test('a small VM with a known guest and no concern has all points', () => {
  assert.deepEqual(readiness(fakeVm(), { concerns: [], estimate: cold(fakeVm()) }), { score: 100, reasons: [] });
});

test('concerns take points by their gravity', () => {
  assert.equal(score(fakeVm(), [concern('Critical')]), 50);
  assert.equal(score(fakeVm(), [concern('Warning')]), 96);
  assert.equal(score(fakeVm(), [concern('Information')]), 99.5);
});

test('remarks alone do not make a VM hard, however many they are', () => {
  assert.equal(
    score(
      fakeVm(),
      Array.from({ length: 50 }, () => concern('Information')),
    ),
    95,
  );
  assert.equal(
    score(
      fakeVm(),
      Array.from({ length: 50 }, () => concern('Warning')),
    ),
    70,
  );
});

test('every missing point has its reason, the heaviest first', () => {
  const vm = { ...sized(2 * TiB), guest: {} };
  const { score: points, reasons } = readiness(vm, {
    concerns: [concern('Warning')],
    estimate: cold(vm),
    relations: [{ kind: 'shared-disk', key: 'quorum' }],
  });
  assert.equal(points, 100 - 15 - 8 - 5 - 4);
  assert.deepEqual(
    reasons.map(({ category, points: taken, because }) => [category, taken, because]),
    [
      ['guest', 15, 'the guest operating system is unknown'],
      ['size', 8, '2.00 TiB to move'],
      ['entanglement', 5, 'moves with others: shared-disk quorum'],
      ['concerns', 4, '1 concern of category Warning'],
    ],
  );
});

test('a guest without virtio drivers is harder than one that has them', () => {
  const modern = score(fakeVm({ guest: { osName: 'Debian 12' } }));
  const windows = score(fakeVm({ guest: { osIdKind: 'vmware', osId: 'windows2019srv_64Guest' } }));
  const old = score(fakeVm({ guest: { osIdKind: 'vmware', osId: 'winNTGuest' } }));
  assert.ok(modern > windows && windows > old, `${modern} ${windows} ${old}`);
});

test('a guest that writes half as fast as it is copied is harder to move warm than an idle one', () => {
  const at = (changeRate: number): number => {
    const warm = estimate(sized(1e11), BASIS, { type: 'warm', changeRate });
    return readiness(sized(1e11), { concerns: [], estimate: warm }).score;
  };
  const copyRate = estimate(sized(1e11), BASIS, { type: 'warm' }).warm?.copyRate ?? 0;
  assert.deepEqual([at(0), at(copyRate * 0.51), at(copyRate * 2)], [100, 85, 80]);
});

const concerns = fc.array(fc.constantFrom<Category>('Critical', 'Warning', 'Information').map(concern));

test('one more concern never raises a score, and a score stays between 0 and 100', () => {
  fc.assert(
    fc.property(concerns, fc.constantFrom<Category>('Critical', 'Warning', 'Information'), (list, category) => {
      const [before, after] = [score(fakeVm(), list), score(fakeVm(), [...list, concern(category)])];
      assert.ok(after <= before && after >= 0 && before <= 100);
    }),
    { seed: 7 },
  );
});

test('more bytes and more relations never raise a score', () => {
  const relation = { kind: 'application' as const, key: 'shop' };
  fc.assert(
    fc.property(fc.nat(40 * TiB), fc.nat(20 * TiB), fc.nat(5), (bytes, more, relations) => {
      const facts = { concerns: [], relations: Array.from({ length: relations }, () => relation) };
      const before = readiness(sized(bytes), { ...facts, estimate: cold(sized(bytes)) }).score;
      assert.ok(readiness(sized(bytes), { ...facts, estimate: cold(sized(bytes + more)) }).score <= before);
      const tied = { ...facts, relations: [...facts.relations, relation], estimate: cold(sized(bytes)) };
      assert.ok(readiness(sized(bytes), tied).score <= before);
    }),
    { seed: 7 },
  );
});
