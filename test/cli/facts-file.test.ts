import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { FactsFile } from '../../src/cli/facts-file.ts';
import type { ClusterFacts } from '../../src/model/cluster-facts.ts';

type Frozen<T> = T extends string | number | boolean ? T : { readonly [K in keyof T]: Frozen<T[K]> };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

test('the file has exactly the fields of the model', () => {
  const same: Same<Frozen<Omit<z.output<typeof FactsFile>, 'apiVersion' | 'kind'>>, Frozen<ClusterFacts>> = true;
  assert.ok(same);
});

test('an empty file is valid: nothing is known', () => {
  assert.deepEqual(FactsFile.parse({ apiVersion: 'kubeferry.dev/v1alpha1', kind: 'ClusterFacts' }), {
    apiVersion: 'kubeferry.dev/v1alpha1',
    kind: 'ClusterFacts',
  });
});

test('facts of another version and unknown fields are refused together', () => {
  const { error } = FactsFile.safeParse({ apiVersion: 'kubeferry.dev/v2', kind: 'ClusterFacts', nodez: {} });
  assert.deepEqual(
    error?.issues.map(({ path, code }) => [...path, code].join(' ')),
    ['apiVersion invalid_value', 'unrecognized_keys'],
  );
});

test('MAC addresses take one form', () => {
  const file = { apiVersion: 'kubeferry.dev/v1alpha1', kind: 'ClusterFacts' };
  const parse = (mac: string) => FactsFile.safeParse({ ...file, virtualMachines: [{ namespace: 'a', name: 'b', macs: [mac] }] });
  assert.deepEqual(parse('00-50-56-AA-BB-CC').data?.virtualMachines?.[0]?.macs, ['00:50:56:aa:bb:cc']);
  assert.equal(parse('nonsense').success, false);
});
