/** `plan --out` and `migrate --to` write folders that kustomize builds, with the objects that the report shows. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { kubeferry } from '../cli/session.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { kustomizeBuild } from './kustomize.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-kustomize-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const OVA = await buildGuest(SCRATCH);

function namesOf(objects: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[]): readonly string[] {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort();
}

test('the folder of a plan builds to the manifests of the report', async () => {
  const folder = path.join(SCRATCH, 'plan');
  const { out } = await kubeferry(['plan', OVA, '--out', folder, '-o', 'json']);
  const manifests = JSON.parse(out).vms[0].plan.mapping.manifests;
  const built = await kustomizeBuild(folder);
  assert.deepEqual(namesOf(built), namesOf(manifests));
  for (const manifest of manifests) {
    assert.deepEqual(
      built.find(({ kind }) => kind === manifest.kind),
      manifest,
    );
  }
});

test('networks that are made for a plan are built too', async () => {
  const folder = path.join(SCRATCH, 'networks');
  const { code, err } = await kubeferry(['plan', OVA, '--out', folder, '--generate-networks', 'bridge', '--bridge', 'br1']);
  assert.equal(code, 0, err);
  assert.ok((await kustomizeBuild(folder)).some(({ kind }) => kind === 'NetworkAttachmentDefinition'));
});

test('the folder of a migration builds to the claims and a VM that stays off', async () => {
  const folder = path.join(SCRATCH, 'migration');
  await kubeferry(['migrate', '--guest', 'none', OVA, '--to', folder]);
  assert.deepEqual(namesOf(await kustomizeBuild(folder)), [
    'PersistentVolumeClaim/kubeferry-demo-disk-0',
    'VirtualMachine/kubeferry-demo',
  ]);
});

test('kustomize refuses what is no folder of its own', async () => {
  await assert.rejects(kustomizeBuild(SCRATCH), /kustomization/);
});
