import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import { type EstimateOptions, estimateBasis } from '../../src/plan/figures.ts';

test('what nobody knows is assumed, with a value, a unit and an origin', () => {
  const all = (['kvm', 'tcg', undefined] as const).flatMap(
    (accelerator) => estimateBasis(accelerator && { accelerator }).assumptions,
  );
  for (const { id, value, why } of all) {
    assert.match(id, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(value > 0);
    assert.ok(why.length > 10, id);
  }
});

test('every assumption has an id of its own', () => {
  const ids = estimateBasis({ limits: { perHost: 1, perDatastore: 2, perPlan: 3 } }).assumptions.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test('the likely value lies between the best and the worst', () => {
  const all = (['kvm', 'tcg', undefined] as const).flatMap(
    (accelerator) => estimateBasis(accelerator && { accelerator }).assumptions,
  );
  for (const { id, value, unit, range } of all) {
    if (range === undefined) continue;
    const [small, large] = unit === 'bytes/s' ? [range.worst, range.best] : [range.best, range.worst];
    assert.ok(small <= value && value <= large, id);
  }
});

test('what is given replaces the default and has no range', () => {
  const basis = estimateBasis({ link: { perTransfer: 50e6 }, bootSeconds: { value: 12, source: 'measured', why: 'Last week.' } });
  assert.deepEqual(
    basis.assumptions.filter(({ id }) => id === 'transfer-rate' || id.startsWith('boot-')),
    [
      { id: 'transfer-rate', value: 50e6, unit: 'bytes/s', source: 'given', why: 'As given.' },
      { id: 'boot-seconds', value: 12, unit: 'seconds', source: 'measured', why: 'Last week.' },
    ],
  );
  assert.deepEqual(basis.guests.boot.windows, { best: 12, likely: 12, worst: 12 });
});

test('what is not done is not assumed', () => {
  const assumed = (policies: EstimateOptions['policies'] & object): readonly string[] =>
    estimateBasis({ verify: false, policies })
      .assumptions.map(({ id }) => id)
      .filter((id) => /^(proof|conversion|inspection)/.test(id));
  assert.deepEqual(assumed(['none', 'compatibility']), []);
  assert.deepEqual(assumed(['skip']), ['inspection-seconds']);
  assert.deepEqual(assumed(['convert', 'none']), ['conversion-seconds', 'conversion-seconds-windows']);
});

test('every number that cannot be used is told at once', () => {
  assert.throws(
    () => estimateBasis({ link: { total: 0, perTransfer: Number.NaN }, limits: { perHost: 1.5 }, bootSeconds: -1 }),
    (error) =>
      error instanceof MigrationError &&
      error.code === 'config-invalid' &&
      error.message === 'Not usable as a limit, rate or duration: total 0, perTransfer NaN, perHost 1.5, bootSeconds -1.',
  );
});
