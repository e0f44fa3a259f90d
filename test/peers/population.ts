/**
 * A population of varied source VMs: every guest of the catalogue, every firmware, controller, NIC model and network target, sizes that do not
 * fit, names that need cleaning. The same seed gives the same VMs.
 */
import fc from 'fast-check';
import type { ClusterFacts } from '../../src/model/cluster-facts.ts';
import { GUEST_OS_TABLE } from '../../src/model/guest-os.ts';
import type { MappingOptions, NetworkMap, StorageMap } from '../../src/model/mapping.ts';
import { GiB, KiB, type MacAddress, MiB, parseMac, parseUuid, type Uuid } from '../../src/model/units.ts';
import type { Cdrom, Disk, DiskController, Nic, SourceVm } from '../../src/model/vm.ts';

/** Networks and storages that the VMs of a population are on; `lost` and `elsewhere` have no entry. */
export const NETWORK_MAP: NetworkMap = {
  entries: [
    { source: 'servers', target: { type: 'pod' } },
    { source: 'storage', target: { type: 'multus', namespace: 'networks', name: 'vlan-20' } },
    { source: 'backup', target: { type: 'multus', name: 'vlan-30' } },
    { source: 'lab', target: { type: 'ignored' } },
  ],
};

const SIZES = [
  ['nano', 1, GiB / 2],
  ['medium', 1, 4 * GiB],
  ['large', 2, 8 * GiB],
  ['xlarge', 4, 16 * GiB],
  ['8xlarge', 32, 128 * GiB],
] as const;

/** A cluster with the common preferences and instance types of KubeVirt, storage of several kinds and Intel nodes. */
export const TARGET: ClusterFacts = {
  kubevirtVersion: 'v1.8.2',
  featureGates: ['DeclarativeHotplugVolumes', 'PersistentReservation'],
  storageClasses: [
    { name: 'ceph-block', provisioner: 'rbd.csi.ceph.com', isDefault: true },
    { name: 'nfs', provisioner: 'nfs.csi.k8s.io', minimumSize: 4 * GiB, claimProperties: [] },
  ],
  preferences: GUEST_OS_TABLE.flatMap(({ preference }) => Object.values(preference ?? {})),
  instancetypes: SIZES.map(([size, cpus, memory]) => ({ name: `u1.${size}`, cpus, memory })),
  nodes: { count: 3, largest: { cpus: 128, memory: 1024 * GiB }, vendors: ['Intel'], hugepages: ['2Mi', '1Gi'] },
};

/** Every option that changes a manifest, in combinations that a user might choose. */
export const OPTIONS: readonly MappingOptions[] = [
  { devices: 'virtio', dedicatedCpus: 'as-source', hugepages: '2Mi', passthroughDisks: 'lun', allocation: 'full' },
  { devices: 'virtio', dedicatedCpus: 'all', hugepages: '1Gi', cpuModel: 'host-passthrough', placementRules: 'required' },
  { devices: 'compatibility', reservations: { mhzPerCpu: 2400 }, passthroughDisks: 'lun', timezone: 'Europe/Berlin' },
  { devices: 'virtio', instancetypes: 'nearest', vmNames: 'new-{vm}', claimNames: '{disk}-of-{vm}' },
  { devices: 'virtio', instancetypes: 'exact', reservations: {}, hugepages: '1Gi', cpuModel: 'host-model' },
  { devices: 'virtio', machineType: 'pc-q35-9.2', runStrategy: 'Always', allocation: 'as-source', dedicatedCpus: 'all' },
];

export const STORAGE_MAP: StorageMap = {
  entries: [
    { source: 'fast', target: { storageClass: 'ceph-block', volumeMode: 'Block', accessMode: 'ReadWriteMany' } },
    { source: 'slow', target: { storageClass: 'nfs', volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' } },
  ],
};

export interface PopulationOptions {
  readonly count: number;
  readonly seed: number;
  /** VMware guestIds to choose from. */
  readonly guestIds: readonly string[];
  /** Memory sizes to choose from, in bytes. */
  readonly memorySizes: fc.Arbitrary<number>;
}

/** From 1 GiB on and in steps of 2 MiB: what hypervisors give out. */
export const USUAL_MEMORY: fc.Arbitrary<number> = fc.integer({ min: 512, max: 64 * 512 }).map((steps) => steps * 2 * MiB);
/** Below 1 GiB, or no multiple of 2 MiB, or not even whole MiB. */
export const UNUSUAL_MEMORY: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 32, max: 1023 }).map((size) => size * MiB),
  fc.integer({ min: 512, max: 8192 }).map((steps) => (steps * 2 + 1) * MiB),
  fc.integer({ min: GiB, max: 8 * GiB }).map((size) => size - (size % (4 * KiB))),
);

export function population({ count, seed, guestIds, memorySizes }: PopulationOptions): readonly SourceVm[] {
  return fc.sample(sourceVm(guestIds, memorySizes), { numRuns: count, seed }).map(withIdentity);
}

/** Ids must differ, names need not: people reuse them. */
function withIdentity(vm: Omit<SourceVm, 'ref'>, index: number): SourceVm {
  return { ...vm, ref: { id: `vm-${index}`, name: vm.name } };
}

function sourceVm(guestIds: readonly string[], memorySizes: fc.Arbitrary<number>): fc.Arbitrary<Omit<SourceVm, 'ref'>> {
  const devices = fc.constantFrom(...CONTROLLERS).chain((controller) =>
    fc.record({
      controllers: fc.constant([controller, ...(controller.key === 'sata0' ? [] : [{ key: 'sata0', kind: 'sata' } as const])]),
      disks: fc.array(disk(controller), { minLength: 0, maxLength: 6 }).map(distinctSlots),
      cdroms: fc.array(cdrom, { maxLength: 2 }).map((found) => found.map((one, unit) => ({ ...one, key: `sata0:${20 + unit}` }))),
      nics: fc.array(nic, { maxLength: 4 }).map((found) => found.map((one, index) => ({ ...one, key: `ethernet${index}` }))),
    }),
  );
  const rest = fc.record(
    {
      power: fc.constantFrom('on', 'off', 'suspended'),
      notes: fc.string({ unit: 'binary', maxLength: 200 }),
      tags: fc.array(fc.record({ category: tagText, name: tagText }), { maxLength: 4 }),
      attributes: fc.dictionary(tagText, tagText, { maxKeys: 4 }),
      placement: fc.record({ folder: fc.constantFrom('/dc/vm/Büro', '///', 'x'.repeat(300)) }),
    },
    { requiredKeys: [] },
  );
  const facts = fc.record({
    name,
    cpu: fc.record(
      {
        count: fc.integer({ min: 1, max: 64 }),
        coresPerSocket: fc.integer({ min: 1, max: 16 }),
        hotAdd: fc.boolean(),
        nestedVirtualization: fc.boolean(),
        affinity: fc.constant('0,1'),
        latencySensitivity: fc.constant('high'),
        numaNodes: fc.integer({ min: 1, max: 4 }),
        reservationMhz: fc.nat(9000),
        limitMhz: fc.nat(9000),
        reservationPercent: fc.nat(100),
        limitPercent: fc.nat(100),
        evcMode: fc.constant('intel-skylake'),
      },
      { requiredKeys: ['count'] },
    ),
    memory: fc.record(
      { size: memorySizes, hotAdd: fc.boolean(), reservation: fc.constantFrom(0, GiB, 64 * GiB) },
      { requiredKeys: ['size'] },
    ),
    firmware: fc.record(
      {
        kind: fc.constantFrom('bios', 'uefi'),
        secureBoot: fc.boolean(),
        tpm: fc.boolean(),
        bootOrder: fc.constantFrom(['disk'], ['network', 'disk'], ['cdrom']),
      },
      { requiredKeys: [] },
    ),
    identity: fc.record({ biosUuid: uuid, serial: identityText, assetTag: identityText }, { requiredKeys: [] }),
    clock: fc.record(
      { rtc: fc.constantFrom('utc', 'localtime', 'Europe/Berlin', '+01:00', '-0330', 'Mars/Olympus') },
      { requiredKeys: [] },
    ),
    guest: fc.record(
      {
        osId: fc.constantFrom(...guestIds),
        osIdKind: fc.constant('vmware' as const),
        hostname: fc.constantFrom('db', 'DB01.corp.example', 'ünïx', 'a_b', '-'),
      },
      { requiredKeys: [] },
    ),
    devices: fc.constant([]),
    snapshots: fc.constant({}),
    platform: fc.constant({ vendor: 'vmware' as const }),
    extras: fc.constant([]),
  });
  return fc.tuple(facts, devices, rest).map(([first, second, third]) => ({ ...first, ...second, ...third }));
}

const CONTROLLERS: readonly DiskController[] = [
  { key: 'scsi0', kind: 'pvscsi' },
  { key: 'scsi0', kind: 'lsilogic', sharing: 'physical' },
  { key: 'ide0', kind: 'ide' },
  { key: 'sata0', kind: 'sata' },
  { key: 'nvme0', kind: 'nvme' },
];

const name = fc.oneof(
  fc.constantFrom('web', 'Web', 'DB 01', 'SRV_FILE.corp.example', 'Büro-Server', '数据库', '---', '1', 'true', 'x'.repeat(80)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
);
const tagText = fc.oneof(
  fc.constantFrom('Owner', 'owner', 'payroll', 'Cost centre', '数据', '-', 'x'.repeat(70)),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const identityText = fc.oneof(
  fc.constant('VMware-42 37 a7 e1 6a 1c 4b 7d-9d 9e 0f 6f 1c 1b 2a 33'),
  fc.string({ unit: 'binary', maxLength: 70 }),
);
const mac = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 })
  .map((bytes) => valid<MacAddress>(parseMac(`00:50:56:${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`)));
const uuid = fc.uuid().map((text) => valid<Uuid>(parseUuid(text)));

function disk(controller: DiskController): fc.Arbitrary<Disk> {
  return fc.record(
    {
      key: fc.constant(controller.key),
      label: fc.constant('Hard disk'),
      capacity: fc.oneof(
        fc.integer({ min: 1, max: 4096 }).map((size) => size * GiB),
        fc.integer({ min: 1, max: 2 ** 31 }).map((sectors) => sectors * 512),
      ),
      format: fc.constant({ container: 'vmdk' as const, variant: 'monolithicFlat' }),
      bootOrder: fc.integer({ min: 0, max: 9 }),
      storage: fc.constantFrom('fast', 'slow', 'elsewhere').map((id) => ({ id, name: id })),
      mode: fc.constantFrom('persistent', 'independent-persistent', 'independent-nonpersistent'),
      shared: fc.boolean(),
      sectorSize: fc.constantFrom(512, 4096),
      physicalSectorSize: fc.constantFrom(512, 4096, 12_345),
      provisioning: fc.constantFrom('thin', 'thick-lazy', 'thick-eager'),
      passthrough: fc.constantFrom('rdm-virtual', 'rdm-physical', 'physical-disk'),
      storagePolicy: fc.constant('gold'),
      serial: fc.oneof(
        fc.constantFrom('6000C29e-10f5-c6f2-1c1b-2a330f6f1c1b', '60 00 C2 9e'),
        fc.string({ unit: 'binary', maxLength: 60 }),
      ),
    },
    { requiredKeys: ['key', 'label', 'capacity', 'format'] },
  );
}

function distinctSlots(disks: readonly Disk[]): readonly Disk[] {
  return disks.map((found, unit) => ({
    ...found,
    key: `${found.key}:${unit}`,
    label: `Hard disk ${unit + 1}`,
    slot: { controller: found.key, unit },
  }));
}

const cdrom: fc.Arbitrary<Cdrom> = fc.record(
  { key: fc.constant(''), media: fc.constant('[fast] iso/tools.iso'), connected: fc.boolean() },
  { requiredKeys: ['key'] },
);

const nic: fc.Arbitrary<Nic> = fc.record(
  {
    key: fc.constant(''),
    label: fc.constant('Network adapter'),
    model: fc.constantFrom(
      'vmxnet',
      'vmxnet2',
      'vmxnet3',
      'e1000',
      'e1000e',
      'pcnet',
      'flexible',
      'rtl8139',
      'ne2k',
      'virtio',
      'sriov',
      'hyperv-synthetic',
      'hyperv-legacy',
    ),
    mac,
    network: fc.constantFrom('servers', 'storage', 'backup', 'lab', 'lost').map((id) => ({ id, name: id })),
    connected: fc.boolean(),
    startConnected: fc.boolean(),
  },
  { requiredKeys: ['key', 'label'] },
);

function valid<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the generator made an invalid value');
  return value;
}
