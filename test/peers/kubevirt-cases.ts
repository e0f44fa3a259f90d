/**
 * One-fault manifests with the verdicts of KubeVirt 1.8 on them: what it refuses, at which stage, and what it lets through although it is wrong.
 * The second list is what our own rules exist for.
 */
import { type AnyManifest, STAGES, type Stage } from './kubevirt.ts';
import { CLAIM, LINUX_VM, variant, WINDOWS_VM } from './specimens.ts';

export interface RefusedCase {
  readonly what: string;
  readonly manifest: AnyManifest;
  /** Stages that refuse; the others accept. */
  readonly refusedAt: readonly Stage[];
  /** Found in the objections. */
  readonly because: RegExp;
}

const both: readonly Stage[] = ['create', 'start'];

/** The healthy Linux VM with changes. */
export function linux(changes: Parameters<typeof variant>[1]): AnyManifest {
  return variant(LINUX_VM, changes);
}

export function preference(name: string): { readonly kind: string; readonly name: string } {
  return { kind: 'VirtualMachineClusterPreference', name };
}

function instancetype(name: string): { readonly kind: string; readonly name: string } {
  return { kind: 'VirtualMachineClusterInstancetype', name };
}

export const REFUSED: readonly RefusedCase[] = [
  // schema: the API server itself
  {
    what: 'a field that the CRD does not know',
    manifest: linux({ 'D.devices.diskz': [] }),
    refusedAt: ['schema'],
    because: /devices\.diskz: unknown field/,
  },
  {
    what: 'a field of a later KubeVirt',
    manifest: linux({ 'D.devices.interfaces.0.portRanges': [] }),
    refusedAt: ['schema'],
    because: /portRanges: unknown field/,
  },
  {
    what: 'a number written as text',
    manifest: linux({ 'D.cpu.cores': '2' }),
    refusedAt: STAGES,
    because: /cpu\.cores in body must be of type integer/,
  },
  {
    what: 'no template',
    manifest: linux({ 'spec.template': undefined }),
    refusedAt: STAGES,
    because: /spec\.template: Required/,
  },
  {
    what: 'a name with capitals',
    manifest: linux({ 'metadata.name': 'Web_1' }),
    refusedAt: ['schema', 'start'],
    because: /metadata\.name: .*RFC 1123 subdomain/,
  },
  {
    what: 'a label value with slashes',
    manifest: linux({ 'metadata.labels': { folder: '/vm/prod' } }),
    refusedAt: ['schema'],
    because: /metadata\.labels: .*valid label/,
  },

  // create: firmware, CPU, memory
  {
    what: 'BIOS and EFI at once',
    manifest: linux({ 'D.firmware.bootloader.efi': { secureBoot: false } }),
    refusedAt: both,
    because: /mutually exclusive/,
  },
  {
    what: 'Secure Boot without SMM',
    manifest: variant(WINDOWS_VM, { 'spec.preference': undefined, 'D.features.smm': undefined }),
    refusedAt: both,
    because: /SecureBoot requires SMM/,
  },
  {
    what: 'an i440fx machine',
    manifest: linux({ 'D.machine.type': 'pc-i440fx-8.2' }),
    refusedAt: both,
    because: /machine\.type is not supported/,
  },
  { what: 'more sockets than maxSockets', manifest: linux({ 'D.cpu.sockets': 4 }), refusedAt: both, because: /maximum sockets/ },
  {
    what: 'an unknown CPU feature policy',
    manifest: linux({ 'D.cpu.features': [{ name: 'vmx', policy: 'always' }] }),
    refusedAt: both,
    because: /policy always that is not supported/,
  },
  {
    what: 'vNUMA without dedicated CPUs and hugepages',
    manifest: linux({ 'D.cpu.numa': { guestMappingPassthrough: {} } }),
    refusedAt: both,
    because: /dedicatedCpuPlacement must be set/,
  },
  {
    what: 'more memory than maxGuest',
    manifest: linux({ 'D.memory.guest': '8Gi' }),
    refusedAt: ['create'],
    because: /greater than the configured maxGuest/,
  },
  {
    what: 'maxGuest on a guest below 1 GiB',
    manifest: linux({ 'D.memory': { guest: '512Mi', maxGuest: '512Mi' } }),
    refusedAt: ['create'],
    because: /at least 1Gi/,
  },
  {
    what: 'maxGuest on a guest that is no multiple of 2 MiB',
    manifest: linux({ 'D.memory': { guest: '4097Mi', maxGuest: '4097Mi' } }),
    refusedAt: ['create'],
    because: /2Mi aligned/,
  },
  {
    what: 'CPU and memory beside an instance type',
    manifest: linux({ 'spec.instancetype': instancetype('u1.medium') }),
    refusedAt: both,
    because: /conflicts with selected instance type/,
  },
  {
    what: 'less memory than the preference requires',
    manifest: linux({ 'spec.preference': preference('windows.11'), 'D.memory': { guest: '2Gi' } }),
    refusedAt: ['create'],
    because: /preference requires 4Gi/,
  },

  // create: disks
  { what: 'an IDE disk', manifest: linux({ 'D.devices.disks.0.disk.bus': 'ide' }), refusedAt: both, because: /IDE bus is not/ },
  {
    what: 'a virtio CD-ROM',
    manifest: linux({ 'D.devices.disks.1': { name: 'disk-1', cdrom: { bus: 'virtio' } } }),
    refusedAt: both,
    because: /virtio is invalid for CD-ROM/,
  },
  {
    what: 'an empty CD-ROM drive without its feature gate (on by default from 1.9)',
    manifest: variant(WINDOWS_VM, { 'D.devices.disks.1': { name: 'cdrom-0', cdrom: { bus: 'sata' } } }),
    refusedAt: both,
    because: /DeclarativeHotplugVolumes/,
  },
  {
    what: 'a read-only SATA disk',
    manifest: linux({ 'D.devices.disks.0.disk': { bus: 'sata', readonly: true } }),
    refusedAt: both,
    because: /sata hard-disks do not support read-only/,
  },
  {
    what: 'a disk without a volume',
    manifest: linux({ 'T.volumes.1.name': 'other' }),
    refusedAt: both,
    because: /'disk-1' not found/,
  },
  {
    what: 'two disks of one name',
    manifest: linux({ 'D.devices.disks.1.name': 'disk-0' }),
    refusedAt: both,
    because: /must not have the same Name/,
  },
  {
    what: 'a disk name of 64 characters',
    manifest: linux({ 'D.devices.disks.1.name': 'd'.repeat(64), 'T.volumes.1.name': 'd'.repeat(64) }),
    refusedAt: both,
    because: /no more than 63 characters/,
  },
  {
    what: 'a disk serial with spaces',
    manifest: linux({ 'D.devices.disks.0.serial': '60 00 C2 9e' }),
    refusedAt: both,
    because: /made up of the following characters/,
  },
  { what: 'boot order 0', manifest: linux({ 'D.devices.disks.0.bootOrder': 0 }), refusedAt: both, because: /boot order > 0/ },
  {
    what: 'one boot order for a disk and a NIC',
    manifest: linux({ 'D.devices.interfaces.0.bootOrder': 1 }),
    refusedAt: both,
    because: /already set for a different device/,
  },
  {
    what: '4096-byte sectors on SATA',
    manifest: linux({
      'D.devices.disks.0': { name: 'disk-0', disk: { bus: 'sata' }, blockSize: { custom: { logical: 4096, physical: 4096 } } },
    }),
    refusedAt: both,
    because: /must be 512 for SATA/,
  },

  // create: network and the rest
  {
    what: 'a vmxnet3 NIC',
    manifest: linux({ 'D.devices.interfaces.0.model': 'vmxnet3' }),
    refusedAt: both,
    because: /model vmxnet3 that is not supported/,
  },
  {
    what: 'a malformed MAC',
    manifest: linux({ 'D.devices.interfaces.0.macAddress': '00:50:56:01:02' }),
    refusedAt: both,
    because: /malformed MAC/,
  },
  {
    what: 'masquerade on a Multus network',
    manifest: linux({ 'D.devices.interfaces.1': { name: 'nic-1', masquerade: {} } }),
    refusedAt: both,
    because: /only implemented with pod network/,
  },
  {
    what: 'two NICs on the pod network',
    manifest: linux({ 'T.networks.1': { name: 'nic-1', pod: {} } }),
    refusedAt: both,
    because: /more than one interface is connected to a pod network/,
  },
  {
    what: 'a NIC without a network',
    manifest: linux({ 'T.networks.1.name': 'other' }),
    refusedAt: both,
    because: /'nic-1' not found/,
  },
  {
    what: 'a host name with dots',
    manifest: linux({ 'T.hostname': 'web.example' }),
    refusedAt: both,
    because: /must not contain dots/,
  },
  {
    what: 'neither run strategy nor running',
    manifest: linux({ 'spec.runStrategy': undefined }),
    refusedAt: ['create'],
    because: /RunStrategy must be specified/,
  },
  {
    what: "KubeVirt's own label on the template",
    manifest: linux({ 'spec.template.metadata.labels': { 'kubevirt.io/created-by': 'x' } }),
    refusedAt: ['create'],
    because: /reserved kubevirt\.io\/ labels/,
  },
  {
    what: 'a PS/2 tablet',
    manifest: linux({ 'D.devices.inputs.0.bus': 'ps2' }),
    refusedAt: both,
    because: /only virtio or usb bus/,
  },

  // start only: the VM is created without a word and can never run
  { what: 'no memory', manifest: linux({ 'D.memory': undefined }), refusedAt: ['start'], because: /no memory requested/ },
  {
    what: 'a synthetic timer with its controller switched off',
    manifest: variant(WINDOWS_VM, { 'D.features.hyperv.synic': { enabled: false } }),
    refusedAt: ['start'],
    because: /synictimer' requires .*synic', which was disabled/,
  },
  {
    what: 'a preference that does not exist',
    manifest: linux({ 'spec.preference': preference('windows.2037') }),
    refusedAt: ['start'],
    because: /"windows\.2037" not found/,
  },
  {
    what: 'an instance type that does not exist',
    manifest: linux({ 'spec.instancetype': instancetype('u1.giant'), 'D.cpu': undefined, 'D.memory': undefined }),
    refusedAt: ['start'],
    because: /"u1\.giant" not found/,
  },

  // claims
  {
    what: 'a claim with an unknown field',
    manifest: variant(CLAIM, { 'spec.volumeMod': 'Block' }),
    refusedAt: ['schema'],
    because: /unknown field "spec\.volumeMod"/,
  },
  {
    what: 'a claim whose size is no quantity',
    manifest: variant(CLAIM, { 'spec.resources.requests.storage': '40 GB' }),
    refusedAt: ['schema'],
    because: /quantities must match/,
  },
];

/** Wrong or risky, and accepted at every stage: only our own rules stand between these and a broken VM. */
export const LET_THROUGH: readonly (readonly [what: string, manifest: AnyManifest])[] = [
  ['a malformed firmware UUID', linux({ 'D.firmware.uuid': 'not-a-uuid' })],
  ['a time zone that does not exist', linux({ 'D.clock': { timezone: 'Mars/Olympus' } })],
  ['two NICs with one MAC', linux({ 'D.devices.interfaces.1.macAddress': '00:50:56:01:02:03' })],
  [
    'one network attachment twice',
    linux({
      'D.devices.interfaces.0': { name: 'nic-0', bridge: {} },
      'T.networks.0': { name: 'nic-0', multus: { networkName: 'shop/vlan-20' } },
    }),
  ],
  ['an attachment name with two slashes', linux({ 'T.networks.1.multus.networkName': 'a/b/c' })],
  [
    'a binding plugin that is not registered',
    linux({ 'D.devices.interfaces.1': { name: 'nic-1', binding: { name: 'l2bridge' } } }),
  ],
  ['a NIC without a binding (refused from 1.9)', linux({ 'D.devices.interfaces.1.bridge': undefined })],
  ['a LUN on SATA', linux({ 'D.devices.disks.0': { name: 'disk-0', lun: { bus: 'sata' } } })],
  ['a LUN on virtio', linux({ 'D.devices.disks.0': { name: 'disk-0', lun: { bus: 'virtio' } } })],
  ['a CPU topology with a zero', linux({ 'D.cpu.cores': 0 })],
  ['600 sockets', linux({ 'D.cpu': { sockets: 600, cores: 1, threads: 1, maxSockets: 600 } })],
  ['a memory limit below the guest memory', linux({ 'D.resources': { limits: { memory: '2Gi' } } })],
  ['a memory size of odd bytes', linux({ 'D.memory': { guest: '4294967297' } })],
  ['one claim for two disks', linux({ 'T.volumes.1.persistentVolumeClaim.claimName': 'web-disk-0' })],
  ['a VM name of 64 characters', linux({ 'metadata.name': 'w'.repeat(64) })],
  ['a firmware serial outside ASCII', linux({ 'D.firmware.serial': 'ünï' })],
  ['live migration demanded, whatever the claims allow', linux({ 'T.evictionStrategy': 'LiveMigrate' })],
];
