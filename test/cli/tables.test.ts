import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { Report } from '../../src/model/report.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { kubeferry } from './session.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-tables-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const OVA = await buildGuest(SCRATCH);
const HEAD = 'apiVersion: kubeferry.dev/v1alpha1\nkind:';

async function file(name: string, content: string): Promise<string> {
  const full = path.join(SCRATCH, name);
  await writeFile(full, content);
  return full;
}

test('mistakes of all files and options are told at once, exit 2', async () => {
  const networks = await file(
    'networks.yaml',
    `${HEAD} NetworkMap\nspec:\n  entries:\n    - { source: a, target: { type: moon } }\n`,
  );
  const storages = await file(
    'storages.yaml',
    `${HEAD} StorageMap\nspec:\n  entries:\n    - { source: a, target: { accessMode: ReadOnlyMany } }\n`,
  );
  const facts = await file('facts.yaml', 'apiVersion: kubeferry.dev/v9\nkind: ClusterFacts\nnodez: {}\n');
  const args = ['--network-map', networks, '--storage-map', storages, '--facts', facts, '--namespace', 'My_Shop'];
  const { code, err, out } = await kubeferry(['plan', OVA, ...args]);
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /wrong in 5 places/);
  for (const mistake of [
    'networks.yaml, spec.entries.0.target',
    'facts.yaml, apiVersion',
    'nodez',
    'storage map, entry 0: a VM cannot write',
    'My_Shop cannot be a namespace',
  ])
    assert.ok(err.includes(mistake), `${mistake} is not in ${err}`);
});

test('what the source or the cluster does not have are concerns of the run', async () => {
  const networks = await file(
    'other.yaml',
    `${HEAD} NetworkMap\nspec:\n  entries:\n    - { source: nowhere, target: { type: pod } }\n`,
  );
  const facts = await file(
    'cluster.yaml',
    `${HEAD} ClusterFacts\nnamespaces: [{ name: shop }]\nvirtualMachines: [{ namespace: shops, name: kubeferry-demo }]\n`,
  );
  const args = ['--network-map', networks, '--facts', facts, '--namespace', 'shops', '-o', 'json'];
  const { code, out } = await kubeferry(['plan', OVA, ...args]);
  const report: Report = JSON.parse(out);
  assert.equal(code, 1);
  assert.deepEqual(
    report.concerns.map(({ id }) => id),
    ['namespace-missing', 'map-source-missing', 'map-source-unknown'],
  );
  assert.ok(report.vms[0]?.concerns.some(({ id, category }) => id === 'vm-exists' && category === 'Critical'));
});
