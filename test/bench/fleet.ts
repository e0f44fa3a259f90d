/**
 * A synthetic fleet as a vCenter would describe it: about 5 KB of JSON a VM, two to four disks, NICs with addresses, tags, custom
 * attributes and the usual extra settings. A VM depends on its number alone, so that a fleet of any size is made one by one.
 */
import type { NetworkMap, StorageMap } from '../../src/model/mapping.ts';
import { GiB, type MacAddress, parseMac, parseUuid, type Uuid } from '../../src/model/units.ts';
import type { Disk, DiskController, ExtraFact, Nic, SourceVm } from '../../src/model/vm.ts';
import { seededWords } from '../fakes/seeded.ts';

interface System {
  readonly id: string;
  readonly name: string;
  readonly tools: string;
}

/** More of the usual ones, some of the awkward ones. */
const SYSTEMS: readonly System[] = [
  { id: 'rhel8_64Guest', name: 'Red Hat Enterprise Linux 8 (64-bit)', tools: '12352' },
  { id: 'windows2019srv_64Guest', name: 'Microsoft Windows Server 2019 (64-bit)', tools: '12325' },
  { id: 'ubuntu64Guest', name: 'Ubuntu Linux (64-bit)', tools: '12389' },
  { id: 'windows2019srvNext_64Guest', name: 'Microsoft Windows Server 2022 (64-bit)', tools: '12389' },
  { id: 'rhel9_64Guest', name: 'Red Hat Enterprise Linux 9 (64-bit)', tools: '12416' },
  { id: 'debian11_64Guest', name: 'Debian GNU/Linux 11 (64-bit)', tools: '12325' },
  { id: 'windows9Server64Guest', name: 'Microsoft Windows Server 2016 (64-bit)', tools: '11333' },
  { id: 'centos7_64Guest', name: 'CentOS 7 (64-bit)', tools: '11269' },
  { id: 'sles15_64Guest', name: 'SUSE Linux Enterprise 15 (64-bit)', tools: '12352' },
  { id: 'windows8Server64Guest', name: 'Microsoft Windows Server 2012 (64-bit)', tools: '10346' },
];

const ROLES = ['web', 'app', 'db', 'file', 'mq', 'cache', 'batch', 'mail', 'build', 'log', 'proxy', 'dns'] as const;
const SITES = ['fra', 'muc', 'ber'] as const;
const OWNERS = ['payroll', 'shop', 'crm', 'logistics', 'finance', 'platform'] as const;
const NETWORKS = [
  { name: 'prod-web', vlan: 110 },
  { name: 'prod-app', vlan: 120 },
  { name: 'prod-db', vlan: 130 },
  { name: 'backup', vlan: 900 },
  { name: 'legacy-dmz', vlan: 77 },
] as const;
const STORES = ['vsan-gold', 'vsan-silver', 'nfs-archive', 'san-lun-17', 'san-lun-18'] as const;

export const FLEET_NETWORKS: NetworkMap = {
  entries: [
    { source: 'prod-web', target: { type: 'pod' } },
    { source: 'prod-app', target: { type: 'multus', namespace: 'networks', name: 'vlan-120' } },
    { source: 'prod-db', target: { type: 'multus', namespace: 'networks', name: 'vlan-130' } },
    { source: 'backup', target: { type: 'multus', namespace: 'networks', name: 'vlan-900' } },
  ],
};

export const FLEET_STORAGE: StorageMap = {
  entries: [
    { source: 'vsan-gold', target: { storageClass: 'ceph-block-fast', volumeMode: 'Block', accessMode: 'ReadWriteMany' } },
    { source: 'vsan-silver', target: { storageClass: 'ceph-block', volumeMode: 'Block', accessMode: 'ReadWriteMany' } },
    { source: 'nfs-archive', target: { storageClass: 'nfs-csi', volumeMode: 'Filesystem', accessMode: 'ReadWriteMany' } },
  ],
};

/** The VM with this number. */
export function fleetVm(number: number): SourceVm {
  const dice = createDice(number);
  const role = ROLES[dice(ROLES.length)] ?? 'web';
  const site = SITES[dice(SITES.length)] ?? 'fra';
  const owner = OWNERS[dice(OWNERS.length)] ?? 'shop';
  const system = SYSTEMS[Math.min(dice(SYSTEMS.length), dice(SYSTEMS.length))] ?? SYSTEMS[0];
  if (system === undefined) throw new Error('no guest system');
  const name = `${site}-${role}-${String(number).padStart(5, '0')}`;
  const uuid = uuidOf(number);
  const windows = system.id.startsWith('windows');
  const controllers: readonly DiskController[] = [
    { key: 'scsi0', kind: windows ? 'lsisas' : 'pvscsi', sharing: 'none' },
    { key: 'ide0', kind: 'ide' },
  ];
  return {
    ref: { id: `vm-${number}`, name },
    name,
    power: dice(8) === 0 ? 'off' : 'on',
    isTemplate: false,
    ...(dice(3) === 0 ? { notes: `Owner: ${owner}. Ordered with ticket CHG${100_000 + number}; review every year.` } : {}),
    cpu: { count: 2 ** (1 + dice(4)), coresPerSocket: 2, hotAdd: dice(4) === 0, nestedVirtualization: false },
    memory: { size: 2 ** (2 + dice(4)) * GiB, hotAdd: dice(4) === 0, ...(dice(12) === 0 ? { reservation: 4 * GiB } : {}) },
    firmware: {
      kind: windows || dice(3) === 0 ? 'uefi' : 'bios',
      secureBoot: windows && dice(2) === 0,
      ...(windows && dice(9) === 0 ? { tpm: true } : {}),
      nvramFile: `${name}.nvram`,
    },
    identity: { biosUuid: uuid, instanceUuid: uuidOf(number + 1_000_000), serial: `VMware-${serialOf(uuid)}` },
    clock: { rtc: 'utc' },
    guest: {
      osId: system.id,
      osIdKind: 'vmware',
      osName: system.name,
      hostname: `${name}.corp.example`,
      tools: { installed: true, version: system.tools },
      filesystems: windows
        ? [{ path: 'C:\\', capacity: 60 * GiB, free: 21 * GiB }]
        : [
            { path: '/', capacity: 40 * GiB, free: 12 * GiB },
            { path: '/var', capacity: 80 * GiB, free: 33 * GiB },
          ],
    },
    controllers,
    disks: Array.from({ length: 2 + dice(3) }, (_, unit) => diskOf(unit, { name, number, dice })),
    cdroms: [
      {
        key: 'ide0:0',
        slot: { controller: 'ide0', unit: 0 },
        connected: false,
        ...(dice(15) === 0 ? { media: '[nfs-archive] iso/tools.iso' } : {}),
      },
    ],
    nics: Array.from({ length: 1 + (dice(4) === 0 ? 1 : 0) }, (_, index) => nicOf(index, { number, dice })),
    devices: [
      { kind: 'video', label: 'Video card' },
      { kind: 'vmci', label: 'VMCI device' },
      ...(dice(40) === 0 ? [{ kind: 'usb-device', label: 'USB licence dongle' } as const] : []),
    ],
    snapshots: { count: dice(10) === 0 ? 1 + dice(3) : 0, consolidationNeeded: dice(60) === 0 },
    platform: { vendor: 'vmware', hardwareVersion: `vmx-${13 + dice(8)}` },
    placement: {
      datacenter: site.toUpperCase(),
      cluster: `${site}-cluster-${1 + dice(4)}`,
      host: `esx${1 + dice(16)}.${site}.corp.example`,
      folder: `/${site.toUpperCase()}/vm/${owner}`,
      resourcePool: `/${site.toUpperCase()}/host/Resources`,
    },
    tags: [
      { category: 'owner', name: owner },
      { category: 'stage', name: dice(3) === 0 ? 'test' : 'production' },
      ...(dice(12) === 0 ? [{ category: 'application', name: `${owner}-${number >> 6}` }] : []),
    ],
    attributes: { 'cost centre': String(4000 + dice(50)), backup: dice(2) === 0 ? 'daily' : 'weekly' },
    extras: extrasOf({ name, uuid, number }),
  };
}

interface About {
  readonly name: string;
  readonly number: number;
  readonly dice: (sides: number) => number;
}

function diskOf(unit: number, { name, number, dice }: About): Disk {
  const capacity = (unit === 0 ? 40 + 20 * dice(4) : 50 * 2 ** dice(5)) * GiB;
  const store = STORES[dice(20) < 18 ? dice(3) : dice(STORES.length)] ?? 'vsan-gold';
  return {
    key: `scsi0:${unit}`,
    label: `Hard disk ${unit + 1}`,
    capacity,
    allocated: Math.floor((capacity * (20 + dice(60))) / 100 / 4096) * 4096,
    slot: { controller: 'scsi0', unit },
    storage: { id: `datastore-${STORES.indexOf(store) + 11}`, name: store },
    format: { container: 'vmdk', variant: 'monolithicFlat' },
    file: `${name}/${name}${unit === 0 ? '' : `_${unit}`}.vmdk`,
    mode: dice(50) === 0 ? 'independent-persistent' : 'persistent',
    provisioning: 'thin',
    shared: false,
    sectorSize: 512,
    serial: `6000C29${(number * 16 + unit).toString(16).padStart(25, '0')}`,
    changeTracking: dice(3) !== 0,
  };
}

function nicOf(index: number, { number, dice }: Pick<About, 'number' | 'dice'>): Nic {
  const chosen = dice(25) === 0 ? 4 : index === 0 ? dice(3) : 3;
  const network = NETWORKS[chosen] ?? NETWORKS[0];
  return {
    key: `${4000 + index}`,
    label: `Network adapter ${index + 1}`,
    model: dice(10) === 0 ? 'e1000e' : 'vmxnet3',
    mac: macOf(number * 4 + index),
    macOrigin: 'assigned',
    network: { id: `dvportgroup-${network.vlan}`, name: network.name, vlan: network.vlan },
    connected: true,
    startConnected: true,
    addresses: [`10.${network.vlan % 256}.${(number >> 8) % 256}.${number % 256}`],
  };
}

function extrasOf({ name, uuid, number }: { name: string; uuid: Uuid; number: number }): readonly ExtraFact[] {
  const values: Readonly<Record<string, string>> = {
    'svga.present': 'TRUE',
    'svga.vramSize': '16777216',
    'pciBridge0.present': 'TRUE',
    'pciBridge4.virtualDev': 'pcieRootPort',
    'pciBridge4.functions': '8',
    'hpet0.present': 'TRUE',
    'sched.cpu.latencySensitivity': 'normal',
    'sched.swap.derivedName': `/vmfs/volumes/${uuid}/${name}/${name}.vswp`,
    'disk.EnableUUID': 'TRUE',
    'tools.syncTime': 'FALSE',
    'tools.guest.desktop.autolock': 'FALSE',
    'viv.moid': `vm-${number}:${uuid}`,
    'vmware.tools.internalversion': '12352',
    'vmware.tools.requiredversion': '12389',
    'migrate.hostLogState': 'none',
    'migrate.migrationId': '0',
    'migrate.hostLog': `${name}-3f1a9d2c.hlog`,
    'monitor.phys_bits_used': '45',
    softPowerOff: 'FALSE',
    'cpuid.coresPerSocket.cookie': '2',
    'guestinfo.appInfo': `{"version":"1","updateCounter":"${number}"}`,
    'scsi0.pciSlotNumber': '160',
    'ethernet0.pciSlotNumber': '192',
    'numa.autosize.cookie': '40022',
    'vmotion.checkpointFBSize': '16777216',
  };
  return Object.entries(values).map(([key, value]) => ({ path: `config.extraConfig/${key}`, value }));
}

/** Numbers below `sides`, the same ones for the same seed. */
function createDice(seed: number): (sides: number) => number {
  const words = seededWords(Math.imul(seed + 1, 0x9e3779b1));
  return (sides) => words() % sides;
}

function uuidOf(number: number): Uuid {
  const uuid = parseUuid(`42370000000040008000${number.toString(16).padStart(12, '0')}`);
  if (uuid === undefined) throw new Error(`no UUID for ${number}`);
  return uuid;
}

function serialOf(uuid: Uuid): string {
  return uuid.replaceAll('-', '').replaceAll(/(..)(?=.)/g, '$1 ');
}

function macOf(number: number): MacAddress {
  const mac = parseMac(`005056${(number & 0xffffff).toString(16).padStart(6, '0')}`);
  if (mac === undefined) throw new Error(`no MAC address for ${number}`);
  return mac;
}
