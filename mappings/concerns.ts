/**
 * What only mapping can find out, because it takes the user's tables or the target's facts together with the VM.
 * (Everything that the VM alone tells is judged in src/assess.) `about` is generic; the ledger adds the words on the case at hand.
 */
import type { Category } from '../src/model/concern.ts';

interface MappingConcern {
  readonly category: Category;
  readonly label: string;
  readonly about: string;
}

export const MAPPING_CONCERNS = {
  'network-unmapped': {
    category: 'Critical',
    label: 'No target for this network',
    about: 'A VM has one NIC on the pod network at most. Further NICs need an entry in the network map, or they are left out.',
  },
  'network-pod-twice': {
    category: 'Critical',
    label: 'Second NIC on the pod network',
    about: 'KubeVirt refuses a VM with two NICs on the pod network; the later one is left out.',
  },
  'network-ignored': {
    category: 'Warning',
    label: 'NIC left out',
    about: 'The network map says that NICs of this network are not migrated.',
  },
  'network-attachment-twice': {
    category: 'Warning',
    label: 'Two NICs on one network attachment',
    about: 'KubeVirt accepts it, but not every CNI plugin attaches a pod twice to the same network.',
  },
  'network-attachment-missing': {
    category: 'Critical',
    label: 'Network attachment does not exist',
    about: 'The network map names a NetworkAttachmentDefinition that the cluster does not have: the VM would never start.',
  },
  'nic-address-lost': {
    category: 'Warning',
    label: 'Address does not exist on the pod network',
    about: 'On the pod network the guest gets its address by DHCP; a static one in the guest will not work.',
  },
  'storage-class-missing': {
    category: 'Critical',
    label: 'Storage class does not exist',
    about: 'The storage map names a class that the cluster does not have: the claim would stay pending.',
  },
  'storage-mode-unknown': {
    category: 'Information',
    label: 'Volume mode chosen without knowing the storage class',
    about:
      'Without facts about the class the safe choice is a ReadWriteOnce file system; live migration and speed may want another.',
  },
  'storage-shared-unfit': {
    category: 'Critical',
    label: 'Storage class is not known to share disks',
    about: 'A disk that several VMs write needs a ReadWriteMany block volume.',
  },
  'disk-sector-bus': {
    category: 'Critical',
    label: '4096-byte sectors need virtio',
    about: 'KubeVirt offers SATA disks with 512-byte sectors only.',
  },
} as const satisfies Record<string, MappingConcern>;

export type MappingConcernId = keyof typeof MAPPING_CONCERNS;
