/** The definitions that a test cluster is furnished with are the published ones, complete with schemas. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CustomResourceDefinition, cdiDefinitions, multusDefinitions, snapshotDefinitions } from './definitions.ts';
import { kubevirtDefinitions } from './kubevirt.ts';

function checkAll(found: readonly CustomResourceDefinition[], group: RegExp, kinds: readonly string[]): void {
  const names = new Set(found.map((definition) => definition.spec.names.kind));
  assert.deepEqual(
    kinds.filter((kind) => !names.has(kind)),
    [],
    'missing kinds',
  );
  for (const definition of found) {
    assert.equal(definition.kind, 'CustomResourceDefinition');
    assert.equal(definition.apiVersion, 'apiextensions.k8s.io/v1');
    assert.match(definition.spec.group, group);
    assert.equal(definition.metadata.name, `${definition.spec.names.plural}.${definition.spec.group}`);
    assert.equal(definition.spec.versions.filter((version) => version.storage).length, 1);
    assert.match(JSON.stringify(definition.spec.versions), /"openAPIV3Schema":\{/);
  }
}

describe('definitions for a test cluster', () => {
  it("hold KubeVirt's machines, instance types, preferences and snapshots", async () => {
    checkAll(await kubevirtDefinitions(), /kubevirt\.io$/, [
      'KubeVirt',
      'VirtualMachine',
      'VirtualMachineInstance',
      'VirtualMachineInstancetype',
      'VirtualMachineClusterInstancetype',
      'VirtualMachinePreference',
      'VirtualMachineClusterPreference',
      'VirtualMachineSnapshot',
    ]);
  });

  it("hold CDI's data volumes and storage profiles", async () => {
    checkAll(await cdiDefinitions(), /^cdi\.kubevirt\.io$/, ['CDI', 'CDIConfig', 'DataVolume', 'StorageProfile']);
  });

  it("hold Multus' network attachments", async () => {
    checkAll(await multusDefinitions(), /^k8s\.cni\.cncf\.io$/, ['NetworkAttachmentDefinition']);
  });

  it('hold CSI volume snapshots', async () => {
    const kinds = ['VolumeSnapshot', 'VolumeSnapshotClass', 'VolumeSnapshotContent'];
    checkAll(await snapshotDefinitions(), /^snapshot\.storage\.k8s\.io$/, kinds);
  });
});
