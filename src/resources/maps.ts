/** NetworkMap and StorageMap: the user's tables. A file for the command line may be shorter (src/cli/map-files.ts); what stands here it reads too. */
import { z } from 'zod';
import { AccessMode, VolumeMode } from './claim-modes.ts';
import { Label, ObjectName, rules } from './common.ts';
import { AGE, type Kind } from './kind.ts';

const Text = z.string().min(1).max(1024);

const NetworkEntry = z.strictObject({
  source: z
    .strictObject({
      id: Text.exactOptional().describe('Id of the network at the source, such as dvportgroup-31.'),
      name: Text.exactOptional().describe('Name of the network at the source.'),
      vlan: z.int().min(0).max(4094).exactOptional().describe('VLAN id.'),
    })
    .meta(rules(['has(self.id) || has(self.name) || has(self.vlan)', 'say id, name or vlan']))
    .describe('Networks of the source. All that is given must fit; of several entries that fit, the one that says most decides.'),
  target: z
    .strictObject({
      type: z
        .enum(['pod', 'udn', 'multus', 'sriov', 'ignored'])
        .describe(
          'pod: the pod network; udn: the primary user-defined network; multus, sriov: a NetworkAttachmentDefinition; ignored: the NIC is left out.',
        ),
      namespace: Label.exactOptional().describe('Namespace of the NetworkAttachmentDefinition; that of the VM when absent.'),
      name: ObjectName.exactOptional().describe('Name of the NetworkAttachmentDefinition.'),
      pool: z
        .array(ObjectName)
        .min(1)
        .max(64)
        .exactOptional()
        .describe('One NetworkAttachmentDefinition for each NIC of a VM on this network.'),
    })
    .meta(
      rules(
        [
          "self.type in ['multus', 'sriov'] ? has(self.name) != has(self.pool) : true",
          'multus and sriov need either name or pool',
        ],
        [
          "self.type in ['multus', 'sriov'] || !(has(self.name) || has(self.pool) || has(self.namespace))",
          'name, pool and namespace go with multus and sriov only',
        ],
      ),
    )
    .describe('Where NICs on these networks go.'),
});

const StorageEntry = z.strictObject({
  source: z
    .strictObject({
      storage: Text.exactOptional().describe('Id or name of a datastore, volume or folder; * is every disk.'),
      policy: Text.exactOptional().describe('Storage policy by name.'),
      vm: Text.exactOptional().describe('Id or name of a VM.'),
      disk: Text.exactOptional().describe('Key, label or file of a disk.'),
    })
    .meta(rules(['has(self.storage) || has(self.policy) || has(self.vm) || has(self.disk)', 'say storage, policy, vm or disk']))
    .describe('Disks of the source. All that is given must fit; of several entries that fit, the one that says most decides.'),
  target: z
    .strictObject({
      storageClass: ObjectName.exactOptional().describe('Absent: the default class of the cluster.'),
      volumeMode: VolumeMode.exactOptional(),
      accessMode: AccessMode.exactOptional(),
      preallocate: z.boolean().exactOptional().describe('All space is taken from the start.'),
    })
    .describe('What claims these disks get.'),
});

export const NetworkEntries = z
  .array(NetworkEntry)
  .max(1000)
  .describe('One entry for a network, or for networks that are alike.');
export const StorageEntries = z.array(StorageEntry).max(1000).describe('One entry for a storage, or for disks that are alike.');

const NetworkMapSpec = z.strictObject({ entries: NetworkEntries });
const StorageMapSpec = z.strictObject({ entries: StorageEntries });
export type NetworkMapSpec = z.output<typeof NetworkMapSpec>;
export type StorageMapSpec = z.output<typeof StorageMapSpec>;

export const NETWORK_MAP = {
  kind: 'NetworkMap',
  plural: 'networkmaps',
  singular: 'networkmap',
  shortNames: ['nmap'],
  description: 'Which networks of a source become which networks of the cluster.',
  spec: NetworkMapSpec,
  columns: [AGE],
} as const satisfies Kind;

export const STORAGE_MAP = {
  kind: 'StorageMap',
  plural: 'storagemaps',
  singular: 'storagemap',
  shortNames: ['smap'],
  description: 'Which storages of a source become which storage classes of the cluster.',
  spec: StorageMapSpec,
  columns: [AGE],
} as const satisfies Kind;
