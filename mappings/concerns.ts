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
  'network-pool-exhausted': {
    category: 'Critical',
    label: 'Pool of network attachments is too small',
    about: 'The network map names one attachment for each NIC of a VM on this network, and the VM has more NICs than that.',
  },
  'network-not-generated': {
    category: 'Critical',
    label: 'No network attachment can be made',
    about:
      'Attachments are made for networks that the map does not name; this one cannot be carried over by a bridge or a localnet.',
  },
  'network-vlan-unknown': {
    category: 'Warning',
    label: 'VLAN of the network unknown',
    about:
      'An attachment was made for a network of which the source states no VLAN: it is untagged, together with all such networks.',
  },
  'network-native-vlan': {
    category: 'Warning',
    label: 'Native VLAN of a trunk not carried',
    about: 'A trunk port of the bridge plugin passes untagged packets in the default VLAN of the bridge, not in one of its own.',
  },
  'networks-joined': {
    category: 'Warning',
    label: 'Networks of several switches on one bridge',
    about: 'Networks that were kept apart by their virtual switches would meet untagged on one bridge of the nodes.',
  },
  'network-attachment-twice': {
    category: 'Warning',
    label: 'Two NICs on one network attachment',
    about: 'KubeVirt accepts it, but not every CNI plugin attaches a pod twice to the same network.',
  },
  'network-attachment-once': {
    category: 'Critical',
    label: 'Network attachment serves one NIC of a VM',
    about: 'OVN-Kubernetes attaches a pod to a network once: with two NICs on it the VM would never start.',
  },
  'network-attachment-missing': {
    category: 'Critical',
    label: 'Network attachment does not exist',
    about: 'The network map names a NetworkAttachmentDefinition that the cluster does not have: the VM would never start.',
  },
  'network-attachment-unfit': {
    category: 'Critical',
    label: 'Network attachment is of the wrong kind',
    about:
      'KubeVirt accepts any attachment, but the CNI plugin behind it must fit the binding: the VM would not start or not be reached.',
  },
  'primary-network-missing': {
    category: 'Critical',
    label: 'Namespace without a primary user-defined network',
    about: 'The network map sends a NIC to the primary network of a namespace that is not set up for one.',
  },
  'primary-network-routed': {
    category: 'Critical',
    label: 'Primary network is routed',
    about: 'VMs need a primary user-defined network of topology layer2; on layer3 they lose their address when they move.',
  },
  'binding-plugin-missing': {
    category: 'Critical',
    label: 'Binding plugin not registered',
    about: 'KubeVirt accepts a VM with an unknown binding plugin and then cannot start it.',
  },
  'nic-mac-reserved': {
    category: 'Warning',
    label: 'MAC address is reserved',
    about: 'KubeVirt uses 02:00:00:00:00:00 itself on the pod network and refuses a NIC that has it.',
  },
  'nic-link-up': {
    category: 'Warning',
    label: 'Link cannot be kept down',
    about: 'KubeVirt has no link state for SR-IOV NICs: the NIC is connected from the start.',
  },
  'nic-address-lost': {
    category: 'Warning',
    label: 'Address does not exist on the target network',
    about: 'The target network hands out addresses of its own; a static one in the guest will not work.',
  },
  'nic-address-changes': {
    category: 'Information',
    label: 'Address changes',
    about: 'The guest asks for its address by DHCP and gets another one on the target.',
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
  'storage-mode-unfit': {
    category: 'Warning',
    label: 'Storage class is not known to offer this mode',
    about: 'The storage map asks for an access or volume mode that the class does not offer: the claim may stay pending.',
  },
  'storage-shared-unfit': {
    category: 'Critical',
    label: 'Storage class is not known to share disks',
    about: 'A disk that several VMs write needs a ReadWriteMany block volume.',
  },
  'disk-passthrough-refused': {
    category: 'Critical',
    label: 'Whole LUN',
    about: 'The options say that disks passed through from the storage are not migrated as they are.',
  },
  'disk-reservation-lost': {
    category: 'Critical',
    label: 'Persistent reservations are not available',
    about: 'A cluster inside the guests keeps its peace by SCSI reservations, which the target passes on only by a feature gate.',
  },
  'memory-hugepages-unfit': {
    category: 'Warning',
    label: 'Memory does not fill huge pages',
    about: 'Huge pages were asked for, and KubeVirt refuses memory that is no multiple of them.',
  },
  'preference-unmet': {
    category: 'Information',
    label: 'Smaller than the preference asks for',
    about: 'KubeVirt refuses to start a VM that is smaller than its preference requires, so none is named.',
  },
  'disk-sector-bus': {
    category: 'Critical',
    label: '4096-byte sectors need virtio',
    about: 'KubeVirt offers SATA disks with 512-byte sectors only.',
  },
} as const satisfies Record<string, MappingConcern>;

export type MappingConcernId = keyof typeof MAPPING_CONCERNS;
