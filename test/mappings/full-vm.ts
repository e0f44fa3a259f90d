/** A SourceVm with every optional field set. The type makes sure of it: a new field of the model does not compile until it is here. */
import { GiB, type MacAddress, MiB, type Uuid } from '../../src/model/units.ts';
import type { SourceVm } from '../../src/model/vm.ts';

type Full<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer U)[]
    ? readonly Full<U>[]
    : { readonly [K in keyof T]-?: Full<NonNullable<T[K]>> };

const disk = {
  storage: { id: 'datastore-1', name: 'fast' },
  format: { container: 'vmdk', variant: 'streamOptimized' },
  mode: 'independent-persistent',
  provisioning: 'thin',
  passthrough: 'rdm-virtual',
  encrypted: false,
  changeTracking: true,
  parents: ['base.vmdk'],
} as const;

const nic = {
  model: 'vmxnet3',
  modelName: 'VmxNet3',
  macOrigin: 'manual',
  connected: true,
  addresses: ['192.0.2.10', '2001:db8::1'],
} as const;

export const fullVm: Full<SourceVm> = {
  ref: { id: '/srv/full.ova#vm-1', name: 'Full VM' },
  name: 'Full VM',
  power: 'on',
  isTemplate: false,
  notes: 'Owner: payroll\nDo not touch.',
  cpu: {
    count: 8,
    coresPerSocket: 4,
    hotAdd: true,
    nestedVirtualization: true,
    reservationMhz: 1000,
    limitMhz: 4000,
    affinity: '0,1',
    latencySensitivity: 'high',
    numaNodes: 2,
  },
  memory: { size: 16 * GiB, hotAdd: true, reservation: GiB, limit: 32 * GiB },
  firmware: { kind: 'uefi', secureBoot: true, tpm: true, nvramFile: 'full.nvram', bootOrder: ['cdrom', 'disk', 'network'] },
  identity: {
    biosUuid: '564d1234-5678-9abc-def0-123456789abc' as Uuid,
    instanceUuid: '50001234-5678-9abc-def0-123456789abc' as Uuid,
    serial: 'VMware-56 4d 12 34 56 78 9a bc-de f0 12 34 56 78 9a bc',
    assetTag: 'A-4711',
  },
  clock: { rtc: 'Europe/Berlin' },
  guest: {
    osId: 'windows2019srv_64Guest',
    osIdKind: 'vmware',
    osName: 'Microsoft Windows Server 2019 (64-bit)',
    hostname: 'FULL.example.com',
    tools: { installed: true, version: '12352' },
    filesystems: [{ path: 'C:\\', capacity: 40 * GiB, free: 20 * GiB }],
  },
  controllers: [{ key: 'scsi0', kind: 'pvscsi', sharing: 'none' }],
  disks: [
    {
      ...disk,
      key: 'scsi0:0',
      label: 'Hard disk 1',
      capacity: 40 * GiB,
      allocated: 9 * GiB,
      slot: { controller: 'scsi0', unit: 0 },
      bootOrder: 2,
      file: 'a.vmdk',
      shared: false,
      sectorSize: 512,
      serial: '6000C290 1111-2222',
    },
    {
      ...disk,
      key: 'scsi0:1',
      label: 'Hard disk 2',
      capacity: 3 * MiB + 512,
      allocated: MiB,
      slot: { controller: 'scsi0', unit: 1 },
      bootOrder: 1,
      file: 'b.vmdk',
      shared: true,
      sectorSize: 4096,
      serial: '6000C2903333',
    },
  ],
  cdroms: [{ key: 'ide1:0', slot: { controller: 'ide1', unit: 0 }, media: 'install.iso', connected: false }],
  nics: [
    {
      ...nic,
      key: 'ethernet0',
      label: 'Network adapter 1',
      mac: '00:50:56:00:00:01' as MacAddress,
      network: { id: 'network-1', name: 'VM Network', vlan: 10 },
      startConnected: false,
    },
    {
      ...nic,
      key: 'ethernet1',
      label: 'Network adapter 2',
      mac: '00:50:56:00:00:02' as MacAddress,
      network: { id: 'network-2', name: 'Backup', vlan: 20 },
      startConnected: true,
    },
  ],
  devices: [
    { kind: 'floppy', label: 'Floppy drive 1' },
    { kind: 'video', label: 'Video card' },
  ],
  snapshots: { count: 2, consolidationNeeded: false },
  platform: { vendor: 'vmware', hardwareVersion: 'vmx-19', writtenBy: 'VMware ovftool 4.6.2' },
  packaging: {
    kind: 'ova',
    descriptor: 'full.ovf',
    ovfVersion: '1',
    manifest: 'SHA256',
    unlisted: ['extra.txt'],
    certificate: true,
    sizeMismatches: [{ file: 'a.vmdk', declared: 1, actual: 2 }],
    configuration: { chosen: 'small', available: ['small', 'large'] },
    eulas: 1,
    properties: [{ key: 'net.ip', label: 'Address', value: '192.0.2.10', userConfigurable: true }],
  },
  placement: { datacenter: 'dc', cluster: 'c1', host: 'esx1', folder: '/dc/vm/payroll', resourcePool: 'gold' },
  tags: [{ category: 'owner', name: 'payroll' }],
  attributes: { 'cost centre': '4711' },
  extras: [{ path: 'vmw:ExtraConfig/svga.vramSize', value: '16777216' }],
};
