/** What a test is made of, as objects. All carry the uid of their VmMigration, and go with it where it stands in the same namespace. */
import type { ResourceName } from '../../contracts/resources.ts';
import type { DiskDevice, PersistentVolumeClaim, VirtualMachine } from '../../model/manifest.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { objectOf } from '../resources/collection.ts';
import { ownedBy } from '../runtime/owners.ts';

/** Label: uid of the VmMigration whose target is tested. */
export const TEST_OF = 'kubeferry.dev/test-of';

/** Names of VirtualMachines are labels of their Pods. */
const LONGEST = 63;
const SUFFIX = '-test';

/** Name of the VirtualMachine of a test. */
export function testName(target: string): string {
  return `${target.slice(0, LONGEST - SUFFIX.length).replace(/[-.]+$/, '')}${SUFFIX}`;
}

/** Name of the claim, and of the snapshot, that stands for a claim in a test. */
export function cloneName(claim: string): string {
  return `${claim.slice(0, 253 - SUFFIX.length).replace(/[-.]+$/, '')}${SUFFIX}`;
}

export function metadataOf(owner: ResourceName, namespace: string, name: string): KubeObject['metadata'] {
  const metadata = { namespace, name, labels: { [TEST_OF]: owner.uid } };
  return owner.namespace === namespace ? ownedBy(metadata, objectOf(owner)) : metadata;
}

/** What a clone begins with; nothing for one that a worker fills. */
export type CloneOrigin = { readonly kind: 'PersistentVolumeClaim' | 'VolumeSnapshot'; readonly name: string } | undefined;

/** @param storage as large as the volume that is cloned, as a quantity */
export function cloneClaim({ spec }: PersistentVolumeClaim, storage: string, origin: CloneOrigin): Omit<KubeObject, 'metadata'> {
  const apiGroup = origin?.kind === 'VolumeSnapshot' ? { apiGroup: 'snapshot.storage.k8s.io' } : {};
  const dataSource = origin && { dataSource: { ...apiGroup, ...origin } };
  return { spec: { ...spec, resources: { requests: { storage } }, ...dataSource } };
}

/**
 * The same machine, running, over its clones and without any network: it takes part in nothing that the VM itself is to take part in.
 * @param clones claims that stand for others
 */
export function testMachine(manifest: VirtualMachine, clones: ReadonlyMap<string, string>): Omit<KubeObject, 'metadata'> {
  const { metadata: _labels, spec } = manifest.spec.template;
  const { affinity: _affinity, ...rest } = spec;
  const volumes = spec.volumes.flatMap(({ name, persistentVolumeClaim }) => {
    const claimName = clones.get(persistentVolumeClaim.claimName);
    return claimName === undefined ? [] : [{ name, persistentVolumeClaim: { claimName } }];
  });
  const kept = new Set(volumes.map(({ name }) => name));
  const { devices } = spec.domain;
  const disks = devices.disks.filter(({ name }) => kept.has(name)).map(withoutCommands);
  const domain = { ...spec.domain, devices: { ...devices, disks, interfaces: [], autoattachPodInterface: false } };
  const template = { spec: { ...rest, networks: [], volumes, domain } };
  const { instancetype, preference } = manifest.spec;
  return { spec: { runStrategy: 'Always', ...(instancetype && { instancetype }), ...(preference && { preference }), template } };
}

/** Commands of a guest would reach the volume behind its claim, and reservations are seen by others. */
function withoutCommands(disk: DiskDevice): object {
  if (!('lun' in disk)) return disk;
  const { lun: _, ...rest } = disk;
  return { ...rest, disk: { bus: 'scsi' } };
}
