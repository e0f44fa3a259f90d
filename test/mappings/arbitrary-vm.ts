/** SourceVms as fast-check invents them: every optional fact present or not, in every combination, names in every script. */
import fc from 'fast-check';
import type { MappingContext } from '../../mappings/context.ts';
import { GiB, type MacAddress, MiB, type Uuid } from '../../src/model/units.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { fullVm } from './full-vm.ts';

const text = fc.string({ unit: 'binary', maxLength: 80 });
const flag = fc.boolean();
const size = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 4096 }).map((n) => n * MiB),
  fc.integer({ min: 1, max: 64 * GiB }),
);
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':') as MacAddress);
const uuid = fc.uuid().map((one) => one as Uuid);
const slot = fc.record({ controller: fc.constantFrom('scsi0', 'ide1'), unit: fc.nat(15) });

/** Some of the facts, in any combination. */
function some<T extends object>(model: { [K in keyof T]-?: fc.Arbitrary<NonNullable<T[K]>> }): fc.Arbitrary<Partial<T>> {
  return fc.record(model, { requiredKeys: [] }) as unknown as fc.Arbitrary<Partial<T>>;
}

const disk = fc
  .tuple(
    fc.record({
      capacity: size,
      label: text,
      format: fc.constantFrom<SourceVm['disks'][number]['format']>(
        { container: 'raw' },
        { container: 'vmdk', variant: 'streamOptimized' },
      ),
    }),
    some<Omit<SourceVm['disks'][number], 'key' | 'label' | 'capacity' | 'format'>>({
      allocated: size,
      slot,
      bootOrder: fc.nat(5),
      storage: fc.constantFrom({ id: 'ds-1', name: 'fast' }, { id: 'ds-2', name: 'slow' }),
      file: text,
      mode: fc.constantFrom('persistent', 'independent-persistent', 'independent-nonpersistent'),
      provisioning: fc.constantFrom('thin', 'thick-lazy', 'thick-eager'),
      passthrough: fc.constantFrom('rdm-virtual', 'rdm-physical', 'physical-disk'),
      shared: flag,
      encrypted: flag,
      sectorSize: fc.constantFrom(512, 4096),
      serial: text,
      changeTracking: flag,
      parents: fc.array(text, { minLength: 1, maxLength: 2 }),
      sharing: fc.constantFrom('multi-writer', 'shared-vhdx', 'vhd-set'),
      physicalSectorSize: fc.constantFrom(512, 4096),
      storagePolicy: text,
      iopsLimit: fc.nat(9000),
      iopsReservation: fc.nat(9000),
      lun: text,
      managedVolume: text,
      inUse: flag,
      pmem: flag,
      unreadable: text,
    }),
  )
  .map(([needed, facts]) => ({ ...needed, ...facts }));

const nic = fc
  .tuple(
    fc.record({ label: text }),
    some<Omit<SourceVm['nics'][number], 'key' | 'label'>>({
      model: fc.constantFrom('vmxnet3', 'e1000', 'e1000e', 'sriov', 'virtio'),
      modelName: text,
      mac,
      macOrigin: fc.constantFrom('manual', 'generated', 'assigned'),
      network: fc.constantFrom(
        { id: 'n-1', name: 'LAN' },
        { id: 'n-2', name: 'DMZ', vlan: 7 },
        { id: 'n-3', name: 'Pod', kind: 'distributed', trunk: { ranges: [{ first: 0, last: 4094 }] } },
        { id: 'n-4', name: 'Nowhere' },
      ),
      connected: flag,
      startConnected: flag,
      addresses: fc.array(fc.ipV4(), { minLength: 1, maxLength: 2 }),
      guestIp: fc.constant({ dhcp: false, addresses: [{ address: '192.0.2.10', prefix: 24, origin: 'static' as const }] }),
      macSpoofing: flag,
      bandwidthLimit: fc.nat(),
      bandwidthReservation: fc.nat(),
      teaming: flag,
      sriovOffload: flag,
      portPolicies: fc.array(text, { minLength: 1, maxLength: 2 }),
    }),
  )
  .map(([needed, facts]) => ({ ...needed, ...facts }));

function keyed<T>(items: readonly T[], prefix: string): (T & { readonly key: string })[] {
  return items.map((item, index) => ({ ...item, key: `${prefix}${index}` }));
}

export const arbitraryVm: fc.Arbitrary<SourceVm> = fc
  .record({
    id: fc.uuid(),
    name: fc.oneof(text, fc.constantFrom('web', 'Web', 'Büro-Köln', '深圳', 'a'.repeat(80), '☃', '')),
    facts: some<
      Pick<
        SourceVm,
        | 'power'
        | 'connection'
        | 'question'
        | 'encrypted'
        | 'availability'
        | 'isTemplate'
        | 'notes'
        | 'placement'
        | 'tags'
        | 'packaging'
      >
    >({
      power: fc.constantFrom('on', 'off', 'suspended'),
      connection: fc.constantFrom('connected', 'inaccessible'),
      question: text,
      encrypted: flag,
      availability: fc.constant(fullVm.availability),
      isTemplate: flag,
      notes: fc.oneof(text, fc.constant('ü'.repeat(40_000))),
      placement: some<NonNullable<SourceVm['placement']>>({
        datacenter: text,
        cluster: text,
        host: text,
        folder: text,
        resourcePool: text,
        vApp: text,
        storagePolicy: text,
        hostRules: fc.constant(fullVm.placement.hostRules),
      }),
      tags: fc.array(fc.record({ name: text }), { minLength: 1, maxLength: 2 }),
      packaging: fc.constant(fullVm.packaging),
    }),
    cpu: some<SourceVm['cpu']>({
      count: fc.integer({ min: 0, max: 256 }),
      coresPerSocket: fc.integer({ min: 1, max: 16 }),
      threadsPerCore: fc.integer({ min: 1, max: 2 }),
      hotAdd: flag,
      hotRemove: flag,
      nestedVirtualization: flag,
      reservationMhz: fc.nat(9000),
      limitMhz: fc.nat(9000),
      affinity: text,
      latencySensitivity: fc.constantFrom('normal', 'high'),
      numaNodes: fc.integer({ min: 1, max: 4 }),
      reservationPercent: fc.nat(100),
      limitPercent: fc.nat(100),
      shares: fc.nat(4000),
      numaNodeSize: fc.integer({ min: 1, max: 64 }),
      numaAffinity: text,
      compatibilityMode: flag,
      evcMode: text,
      performanceCounters: flag,
    }),
    memory: some<SourceVm['memory']>({
      size,
      hotAdd: flag,
      reservation: size,
      limit: size,
      reservationLocked: flag,
      shares: fc.nat(4000),
      dynamic: fc.constantFrom({ minimum: GiB }, { minimum: GiB, maximum: 8 * GiB }),
      ballooned: size,
    }),
    firmware: some<SourceVm['firmware']>({
      kind: fc.constantFrom('bios', 'uefi'),
      secureBoot: flag,
      tpm: flag,
      nvramFile: text,
      secureBootTemplate: text,
      vbs: flag,
      iommu: flag,
      shielded: flag,
      isolation: text,
      bootOrder: fc
        .array(fc.constantFrom('disk', 'cdrom', 'network', 'floppy', 'disk1', 'nic0'), { maxLength: 4 })
        .filter((list) => list.length > 0),
    }),
    identity: some<SourceVm['identity']>({ biosUuid: uuid, instanceUuid: uuid, serial: text, assetTag: text }),
    clock: some<SourceVm['clock']>({ rtc: fc.constantFrom('utc', 'Europe/Berlin', '+02:00', 'Mars/Olympus', '-99:00') }),
    guest: some<SourceVm['guest']>({
      osId: fc.constantFrom(
        'rhel8_64Guest',
        'windows2019srv-64',
        'windows11_64Guest',
        'winXPProGuest',
        'centos6-64',
        '36',
        'other',
      ),
      osIdKind: fc.constantFrom('vmware', 'cim', 'virtualbox'),
      osName: fc.constantFrom('Ubuntu Linux (64-bit)', 'Microsoft Windows Server 2003', 'Plan 9'),
      hostname: fc.oneof(text, fc.constant('DB-1.example.com')),
      tools: fc.record({ installed: flag, version: text, running: flag }),
      filesystems: fc.constant([{ path: '/' }]),
    }),
    disks: fc.array(disk, { maxLength: 24 }),
    cdroms: fc.array(some<Omit<SourceVm['cdroms'][number], 'key'>>({ slot, media: text, connected: flag }), { maxLength: 2 }),
    nics: fc.array(nic, { maxLength: 5 }),
    devices: fc.array(
      fc.constantFrom<SourceVm['devices'][number]>({ kind: 'floppy', label: 'Floppy' }, { kind: 'sound', label: 'Sound' }),
      { maxLength: 2 },
    ),
    snapshots: some<SourceVm['snapshots']>({
      count: fc.nat(3),
      consolidationNeeded: flag,
      list: fc.constant(fullVm.snapshots.list),
    }),
    platform: some<SourceVm['platform']>({
      vendor: fc.constantFrom('vmware', 'virtualbox', 'kvm'),
      hardwareVersion: fc.constant('vmx-19'),
      generation: fc.constantFrom<1 | 2>(1, 2),
      writtenBy: text,
    }),
    extras: fc.array(fc.record({ path: text, value: text }), { maxLength: 3 }),
  })
  .map(({ id, name, facts, disks, cdroms, nics, ...parts }) => ({
    ref: { id, name },
    name,
    ...facts,
    ...parts,
    controllers: [{ key: 'scsi0', kind: 'lsilogic' as const }],
    disks: keyed(disks, 'disk'),
    cdroms: keyed(cdroms, 'cdrom'),
    nics: keyed(nics, 'nic'),
  }));

export const arbitraryContext: fc.Arbitrary<Omit<MappingContext, 'name'>> = fc.record({
  networkMap: fc.constantFrom<MappingContext['networkMap']>(
    { entries: [] },
    {
      entries: [
        { source: 'LAN', target: { type: 'multus', namespace: 'nets', name: 'lan' } },
        { source: 'n-2', target: { type: 'ignored' } },
        { source: 'Pod', target: { type: 'pod' } },
      ],
    },
  ),
  storageMap: fc.constantFrom<MappingContext['storageMap']>(
    { entries: [] },
    {
      entries: [
        { source: 'ds-1', target: { storageClass: 'rbd' } },
        { source: '*', target: { storageClass: 'nfs', volumeMode: 'Filesystem', accessMode: 'ReadWriteMany' } },
      ],
    },
  ),
  facts: fc.constantFrom<MappingContext['facts']>(
    {},
    {
      storageClasses: [
        {
          name: 'rbd',
          provisioner: 'rbd.csi.ceph.com',
          isDefault: true,
          claimProperties: [
            { accessMode: 'ReadWriteMany', volumeMode: 'Block' },
            { accessMode: 'ReadWriteOnce', volumeMode: 'Filesystem' },
          ],
        },
      ],
      preferences: ['rhel.8', 'windows.2k19.virtio', 'windows.11.virtio', 'windows.11'],
      networkAttachments: [],
    },
  ),
  options: fc.constantFrom<MappingContext['options']>(
    { devices: 'virtio' },
    { devices: 'compatibility', namespace: 'vms' },
    { devices: 'virtio', cpus: 6, memory: 3 * GiB, firmware: 'uefi' },
  ),
});
