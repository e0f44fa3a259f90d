/**
 * What only mapping can find out, because it takes the user's tables or the target's facts together with the VM.
 * (Everything that the VM alone tells is judged in src/assess.) `about` is generic; the ledger adds the words on the case at hand.
 */
import type { Category } from '../src/model/concern.ts';

interface MappingConcern {
  readonly category: Category;
  readonly label: string;
  readonly about: string;
  /** Path of the fact with empty brackets for any place; for the catalogue. */
  readonly subject: string;
  /** What to do, without a case at hand; for the catalogue. */
  readonly remedy: string;
}

export const MAPPING_CONCERNS = {
  'network-unmapped': {
    category: 'Critical',
    label: 'No target for this network',
    about: 'A VM has one NIC on the pod network at most. Further NICs need an entry in the network map, or they are left out.',
    subject: 'nics[].network',
    remedy: 'Give the network an entry in the network map.',
  },
  'network-pod-twice': {
    category: 'Critical',
    label: 'Second NIC on the pod network',
    about: 'KubeVirt refuses a VM with two NICs on the pod network; the later one is left out.',
    subject: 'nics[].network',
    remedy: 'Map one of the networks to a network attachment.',
  },
  'network-ignored': {
    category: 'Warning',
    label: 'NIC left out',
    about: 'The network map says that NICs of this network are not migrated.',
    subject: 'nics[].network',
    remedy: 'Nothing, if that is meant.',
  },
  'network-pool-exhausted': {
    category: 'Critical',
    label: 'Pool of network attachments is too small',
    about: 'The network map names one attachment for each NIC of a VM on this network, and the VM has more NICs than that.',
    subject: 'nics[].network',
    remedy: 'Add attachments to the pool.',
  },
  'network-not-generated': {
    category: 'Critical',
    label: 'No network attachment can be made',
    about:
      'Attachments are made for networks that the map does not name; this one cannot be carried over by a bridge or a localnet.',
    subject: 'nics[].network',
    remedy: 'Map the network to an attachment of your own.',
  },
  'network-vlan-unknown': {
    category: 'Warning',
    label: 'VLAN of the network unknown',
    about:
      'An attachment was made for a network of which the source states no VLAN: it is untagged, together with all such networks.',
    subject: 'nics[].network',
    remedy: 'Map the network to an attachment with its VLAN if it has one.',
  },
  'network-native-vlan': {
    category: 'Warning',
    label: 'Native VLAN of a trunk not carried',
    about: 'A trunk port of the bridge plugin passes untagged packets in the default VLAN of the bridge, not in one of its own.',
    subject: 'nics[].network',
    remedy: 'Let the guest tag those packets, or make that VLAN the default of the bridge.',
  },
  'networks-joined': {
    category: 'Warning',
    label: 'Networks of several switches on one bridge',
    about: 'Networks that were kept apart by their virtual switches would meet untagged on one bridge of the nodes.',
    subject: 'networks',
    remedy: 'Map the networks to bridges of their own.',
  },
  'network-attachment-twice': {
    category: 'Warning',
    label: 'Two NICs on one network attachment',
    about: 'KubeVirt accepts it, but not every CNI plugin attaches a pod twice to the same network.',
    subject: 'nics[].network',
    remedy: 'Use one attachment for each NIC.',
  },
  'network-attachment-once': {
    category: 'Critical',
    label: 'Network attachment serves one NIC of a VM',
    about: 'OVN-Kubernetes attaches a pod to a network once: with two NICs on it the VM would never start.',
    subject: 'nics[].network',
    remedy: 'Map the network to a pool of attachments.',
  },
  'network-attachment-missing': {
    category: 'Critical',
    label: 'Network attachment does not exist',
    about: 'The network map names a NetworkAttachmentDefinition that the cluster does not have: the VM would never start.',
    subject: 'nics[].network',
    remedy: 'Create the attachment, or correct the network map.',
  },
  'network-attachment-unfit': {
    category: 'Critical',
    label: 'Network attachment is of the wrong kind',
    about:
      'KubeVirt accepts any attachment, but the CNI plugin behind it must fit the binding: the VM would not start or not be reached.',
    subject: 'nics[].network',
    remedy: 'Map the network to an attachment of the right kind.',
  },
  'primary-network-missing': {
    category: 'Critical',
    label: 'Namespace without a primary user-defined network',
    about: 'The network map sends a NIC to the primary network of a namespace that is not set up for one.',
    subject: 'nics[].network',
    remedy: 'Create the namespace anew with a primary user-defined network, or map the network elsewhere.',
  },
  'primary-network-routed': {
    category: 'Critical',
    label: 'Primary network is routed',
    about: 'VMs need a primary user-defined network of topology layer2; on layer3 they lose their address when they move.',
    subject: 'nics[].network',
    remedy: 'Use a primary network of topology layer2.',
  },
  'binding-plugin-missing': {
    category: 'Critical',
    label: 'Binding plugin not registered',
    about: 'KubeVirt accepts a VM with an unknown binding plugin and then cannot start it.',
    subject: 'nics[].network',
    remedy: 'Register the binding plugin in the KubeVirt object.',
  },
  'nic-mac-reserved': {
    category: 'Warning',
    label: 'MAC address is reserved',
    about: 'KubeVirt uses 02:00:00:00:00:00 itself on the pod network and refuses a NIC that has it.',
    subject: 'nics[].mac',
    remedy: 'Tell those who know the NIC by this address, or map its network elsewhere.',
  },
  'nic-link-up': {
    category: 'Warning',
    label: 'Link cannot be kept down',
    about: 'KubeVirt has no link state for SR-IOV NICs: the NIC is connected from the start.',
    subject: 'nics[].startConnected',
    remedy: 'Leave the NIC out, or map its network to a bridge.',
  },
  'nic-address-lost': {
    category: 'Warning',
    label: 'Address does not exist on the target network',
    about: 'The target network hands out addresses of its own; a static one in the guest will not work.',
    subject: 'nics[].addresses',
    remedy: 'Let the guest use DHCP, or map the network to an attachment.',
  },
  'nic-address-changes': {
    category: 'Information',
    label: 'Address changes',
    about: 'The guest asks for its address by DHCP and gets another one on the target.',
    subject: 'nics[].addresses',
    remedy: 'Tell those who use the guest by address.',
  },
  'storage-class-missing': {
    category: 'Critical',
    label: 'Storage class does not exist',
    about: 'The storage map names a class that the cluster does not have: the claim would stay pending.',
    subject: 'disks[].storage',
    remedy: 'Create the class, or correct the storage map.',
  },
  'storage-mode-unknown': {
    category: 'Information',
    label: 'Volume mode chosen without knowing the storage class',
    about:
      'Without facts about the class the safe choice is a ReadWriteOnce file system; live migration and speed may want another.',
    subject: 'disks',
    remedy: 'Give facts about the cluster, or state the modes in the storage map.',
  },
  'storage-mode-unfit': {
    category: 'Warning',
    label: 'Storage class is not known to offer this mode',
    about: 'The storage map asks for an access or volume mode that the class does not offer: the claim may stay pending.',
    subject: 'disks[].storage',
    remedy: 'Correct the storage map, or test the class.',
  },
  'storage-shared-unfit': {
    category: 'Critical',
    label: 'Storage class is not known to share disks',
    about: 'A disk that several VMs write needs a ReadWriteMany block volume.',
    subject: 'disks[].shared',
    remedy: 'Map the disk to a class that offers ReadWriteMany block volumes.',
  },
  'disk-passthrough-refused': {
    category: 'Critical',
    label: 'Whole LUN',
    about: 'The options say that disks passed through from the storage are not migrated as they are.',
    subject: 'disks[].passthrough',
    remedy: 'Leave the VM out, or attach the LUN to the target by other means.',
  },
  'disk-reservation-lost': {
    category: 'Critical',
    label: 'Persistent reservations are not available',
    about: 'A cluster inside the guests keeps its peace by SCSI reservations, which the target passes on only by a feature gate.',
    subject: 'disks[].passthrough',
    remedy: 'Switch the feature gate on and plan again with new facts.',
  },
  'memory-hugepages-unfit': {
    category: 'Warning',
    label: 'Memory does not fill huge pages',
    about: 'Huge pages were asked for, and KubeVirt refuses memory that is no multiple of them.',
    subject: 'memory.size',
    remedy: 'Give a memory size that is a multiple of the pages.',
  },
  'preference-unmet': {
    category: 'Information',
    label: 'Smaller than the preference asks for',
    about: 'KubeVirt refuses to start a VM that is smaller than its preference requires, so none is named.',
    subject: 'cpu.count',
    remedy: 'Nothing: all that the preference would set is written out.',
  },
  'disk-sector-bus': {
    category: 'Critical',
    label: '4096-byte sectors need virtio',
    about: 'KubeVirt offers SATA disks with 512-byte sectors only.',
    subject: 'disks[].sectorSize',
    remedy: 'Install the virtio driver in the guest first.',
  },
  'boot-disk-contradiction': {
    category: 'Warning',
    label: 'Boot loader on another disk than the first to boot from',
    about:
      'The source states a boot order, and a look into the guest found its boot loader on another disk than the first of that order.',
    subject: 'disks[].bootOrder',
    remedy: 'Change the boot order at the source or in the manifest.',
  },
} as const satisfies Record<string, MappingConcern>;

export type MappingConcernId = keyof typeof MAPPING_CONCERNS;
