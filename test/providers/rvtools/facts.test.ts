/** What an export says, under all names that RVTools gives its columns, arrives in SourceVm. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { rvtoolsProvider } from '../../../providers/rvtools/index.ts';
import type { Connection } from '../../../src/contracts/provider.ts';
import { MiB } from '../../../src/model/units.ts';
import type { SourceVm } from '../../../src/model/vm.ts';
import { describeProvider } from '../../conformance/provider.ts';
import { asDatabase, asVersion3, type Export, SAMPLE, toRows, without } from './sample.ts';
import { type Dialect, type Sheets, writeXlsx } from './xlsx-writer.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-rvtools-'));
after(() => rm(folder, { recursive: true }));
const { signal } = new AbortController();
let files = 0;

async function open(sheets: Sheets, dialect?: Dialect): Promise<Connection> {
  files += 1;
  const file = path.join(folder, `fleet-${files}.xlsx`);
  await writeXlsx(file, sheets, dialect);
  return await rvtoolsProvider.connect(file, { signal });
}

async function vmsOf(sheets: Sheets, dialect?: Dialect): Promise<readonly SourceVm[]> {
  await using connection = await open(sheets, dialect);
  return await Array.fromAsync(connection.vms(signal));
}

const WEB: SourceVm = {
  ref: { id: 'vm-101', name: 'web & shop' },
  name: 'web & shop',
  power: 'on',
  connection: 'connected',
  isTemplate: false,
  notes: 'The shop.\nDo not touch.',
  cpu: {
    count: 4,
    coresPerSocket: 2,
    hotAdd: true,
    hotRemove: false,
    shares: 4000,
    reservationMhz: 500,
    latencySensitivity: 'high',
  },
  memory: { size: 8192 * MiB, hotAdd: false, reservation: 1024 * MiB, reservationLocked: true },
  firmware: { kind: 'uefi', secureBoot: true },
  identity: {
    biosUuid: '4212a0b1-0000-4000-8000-000000000101' as NonNullable<SourceVm['identity']['biosUuid']>,
    instanceUuid: '5012a0b1-0000-4000-8000-000000000101' as NonNullable<SourceVm['identity']['biosUuid']>,
  },
  clock: {},
  guest: {
    osName: 'Red Hat Enterprise Linux 8 (64-bit)',
    hostname: 'web.example.com',
    tools: { installed: true, version: '12352', running: true, outdated: true, timeSync: false },
    filesystems: [
      { path: '/', capacity: 30000 * MiB, free: 18000 * MiB, disks: ['scsi0:0'] },
      { path: '/boot', capacity: 1000 * MiB, free: 700 * MiB, disks: ['scsi0:0'] },
    ],
  },
  controllers: [
    { key: 'scsi0', kind: 'pvscsi', sharing: 'none' },
    { key: 'scsi1', kind: 'lsisas', sharing: 'physical' },
  ],
  disks: [
    {
      key: 'scsi0:0',
      label: 'Hard disk 1',
      capacity: 40960 * MiB,
      allocated: 12300 * MiB,
      slot: { controller: 'scsi0', unit: 0 },
      storage: { id: 'ssd-1', name: 'ssd-1' },
      format: { container: 'vmdk' },
      file: '[ssd-1] web/web.vmdk',
      mode: 'persistent',
      provisioning: 'thin',
      shared: false,
      changeTracking: true,
      serial: '6000C29a-1111-2222-3333-444444444444',
    },
    {
      key: 'scsi1:3',
      label: 'Hard disk 2',
      capacity: 102400 * MiB,
      slot: { controller: 'scsi1', unit: 3 },
      storage: { id: 'ssd-1', name: 'ssd-1' },
      format: { container: 'vmdk' },
      file: '[ssd-1] web/web_1.vmdk',
      mode: 'independent-persistent',
      passthrough: 'rdm-physical',
      shared: true,
      sharing: 'multi-writer',
      lun: '02000a0000600508b4',
      changeTracking: true,
    },
  ],
  cdroms: [{ key: 'cdrom0', media: '[iso] tools.iso', connected: true }],
  nics: [
    {
      key: 'ethernet0',
      label: 'Network adapter 1',
      model: 'vmxnet3',
      mac: '00:50:56:ab:00:01' as NonNullable<SourceVm['nics'][number]['mac']>,
      macOrigin: 'assigned',
      network: {
        id: 'prod-120',
        name: 'prod-120',
        kind: 'distributed',
        switchName: 'dvs',
        vlan: 120,
        mtu: 9000,
        promiscuous: false,
      },
      connected: true,
      startConnected: true,
      addresses: ['10.0.0.5', '10.0.0.6', 'fe80::1'],
    },
    {
      key: 'ethernet2',
      label: 'Network adapter 3',
      modelName: 'Quantum',
      network: { id: 'VM Network', name: 'VM Network', kind: 'standard', switchName: 'vSwitch0', vlan: 0, mtu: 1500 },
      connected: false,
    },
  ],
  devices: [{ kind: 'usb-device', label: 'USB 1: dongle' }],
  snapshots: { count: 2, consolidationNeeded: true, list: [{ name: 'before update' }, { name: 'after' }] },
  platform: { vendor: 'vmware', hardwareVersion: 'vmx-19', writtenBy: 'RVTools' },
  placement: {
    datacenter: 'Berlin',
    cluster: 'prod',
    host: 'esx1.example.com',
    folder: '/Berlin/vm/shops',
    resourcePool: '/Berlin/Resources/prod',
  },
  availability: { faultTolerance: false, restartPriority: 'high' },
  attributes: { Owner: 'shop team' },
  extras: [
    { path: 'vInfo/Cluster rule(s)', value: 'AntiAffinity' },
    { path: 'vInfo/Cluster rule name(s)', value: 'keep-web-apart' },
    { path: 'vInfo/EnableUUID', value: 'true' },
    { path: 'vInfo/In Use MiB', value: '20000' },
    { path: 'vInfo/VI SDK Server', value: 'vc.example.com' },
    { path: 'vInfo/OS according to the VMware Tools', value: 'Rocky Linux (64-bit)' },
    { path: 'vSnapshot/Size MiB (total)', value: '150' },
  ],
};

test('every fact of a workbook arrives', async () => {
  const [web, db, ...others] = await vmsOf(toRows(SAMPLE));
  assert.deepEqual(web, WEB);
  assert.deepEqual(others, []);
  assert.ok(db);
  assert.equal(db.isTemplate, true);
  assert.equal(db.power, 'off');
  assert.deepEqual(db.snapshots, { count: 0 }, 'a sheet without rows for the VM says none');
  assert.deepEqual(db.guest.tools, { installed: false, running: false });
  assert.deepEqual(db.disks[0], {
    key: 'Hard disk 1',
    label: 'Hard disk 1',
    capacity: 1024 * MiB,
    storage: { id: 'nfs', name: 'nfs' },
    format: { container: 'vmdk' },
    file: '[nfs] db/db.vmdk',
    provisioning: 'thick-eager',
    changeTracking: false,
  });
  assert.deepEqual(db.cpu, { count: 2 }, 'what vCPU does not say stays unknown');
});

const DIALECTS: readonly (readonly [string, Dialect])[] = [
  ['inline texts', { texts: 'inline' }],
  ['prefixed names', { prefix: 'x:' }],
  ['cells without references', { references: false }],
  ['inline texts, prefixed names and no references', { texts: 'inline', prefix: 'x:', references: false }],
];
for (const [name, dialect] of DIALECTS) {
  test(`a workbook with ${name} says the same`, async () => {
    assert.deepEqual((await vmsOf(toRows(SAMPLE), dialect))[0], WEB);
  });
}

test('the column names of version 3 say the same', async () => {
  assert.deepEqual((await vmsOf(toRows(SAMPLE, asVersion3)))[0], WEB);
});

test('database column names say the same', async () => {
  assert.deepEqual((await vmsOf(toRows(SAMPLE, asDatabase)))[0], WEB);
});

test('case and blanks of names do not matter', async () => {
  const shouted = toRows(SAMPLE, (title) => ` ${title.toUpperCase()}  `);
  const sheets = Object.fromEntries(Object.entries(shouted).map(([name, rows]) => [`${name.toUpperCase()} `, rows]));
  const [web] = await vmsOf(sheets);
  assert.deepEqual({ ...web, attributes: WEB.attributes }, WEB);
});

test('tags are told from custom attributes where their columns say so', async () => {
  const sheets = toRows(SAMPLE);
  const info = sheets['vInfo']?.map((row, index) => [
    ...row,
    index === 0 ? 'vInfo_tags_Team' : index === 1 ? 'red, blue' : undefined,
  ]);
  const [web, db] = await vmsOf({ ...sheets, vInfo: info ?? [] });
  assert.deepEqual(web?.tags, [
    { category: 'Team', name: 'red' },
    { category: 'Team', name: 'blue' },
  ]);
  assert.equal(db?.tags, undefined);
});

test('optional sheets may be missing: what they would say is unknown', async () => {
  const lean = without(
    'vCPU',
    'vMemory',
    'vPartition',
    'vCD',
    'vUSB',
    'vSnapshot',
    'vTools',
    'vHost',
    'vDatastore',
    'vPort',
    'dvPort',
  );
  const [web] = await vmsOf(toRows(lean));
  assert.deepEqual(web?.cpu, { count: 4, latencySensitivity: 'high' });
  assert.deepEqual(web?.snapshots, { consolidationNeeded: true });
  assert.equal(web?.guest.tools, undefined);
  assert.equal(web?.disks[0]?.allocated, undefined);
  assert.equal(web?.nics[0]?.network?.vlan, undefined);
});

test('networks, datastores and hosts are told once each', async () => {
  await using connection = await open(toRows(SAMPLE));
  assert.deepEqual(await connection.surroundings(signal), {
    networks: [
      { id: 'VM Network', name: 'VM Network', kind: 'standard', switchName: 'vSwitch0', vlan: 0, mtu: 1500 },
      {
        id: 'guest-tagged',
        name: 'guest-tagged',
        kind: 'standard',
        switchName: 'vSwitch0',
        trunk: { ranges: [{ first: 0, last: 4094 }] },
        mtu: 1500,
      },
      { ...WEB.nics[0]?.network },
      {
        id: 'trunk',
        name: 'trunk',
        kind: 'distributed',
        switchName: 'dvs',
        trunk: {
          ranges: [
            { first: 10, last: 20 },
            { first: 30, last: 30 },
          ],
        },
        mtu: 9000,
      },
      { id: 'segment-7', name: 'segment-7', switchName: 'nsx' },
    ],
    relations: [{ kind: 'anti-affinity', key: 'keep-web-apart', members: ['vm-101', 'vm-102'] }],
    storages: [{ id: 'ssd-1', name: 'ssd-1', kind: 'vmfs', capacity: 1048576 * MiB, free: 524288 * MiB, unavailable: true }],
    hosts: [
      {
        id: 'esx1.example.com',
        name: 'esx1.example.com',
        product: 'VMware ESXi 8.0.2 build-22380479',
        cluster: 'prod',
        evcMode: 'intel-skylake',
        maintenance: false,
      },
    ],
  });
});

test('port groups with one name on two switches keep their own VLANs', async () => {
  const ports: Export = {
    ...SAMPLE,
    vPort: [
      { 'Port Group': 'VM Network', Switch: 'vSwitch0', VLAN: 7 },
      { 'Port Group': 'VM Network', Switch: 'vSwitch1', VLAN: 8 },
    ],
  };
  await using connection = await open(toRows(ports));
  const [web] = await Array.fromAsync(connection.vms(signal));
  assert.equal(web?.nics[1]?.network?.vlan, 7);
  const { networks } = await connection.surroundings(signal);
  assert.equal(networks.find(({ name }) => name === 'VM Network')?.vlan, undefined);
});

test('VMs can be read again on the same connection', async () => {
  await using connection = await open(toRows(SAMPLE));
  const first = await Array.fromAsync(connection.vms(signal));
  assert.deepEqual(await Array.fromAsync(connection.vms(signal)), first);
});

test('a disk cannot be opened', async () => {
  await using connection = await open(toRows(SAMPLE));
  await assert.rejects(connection.openDisk(WEB.ref, 'scsi0:0', signal), {
    code: 'inventory-only',
    exit: 2,
    message: 'An RVTools workbook describes VMs; it holds no disks.',
  });
});

test('what is no disk of the export is told apart from what is one', async () => {
  await using connection = await open(toRows(SAMPLE));
  await assert.rejects(connection.openDisk({ id: 'vm-9', name: 'web' }, 'scsi0:0', signal), { code: 'vm-not-found' });
  await assert.rejects(connection.openDisk(WEB.ref, 'scsi9:9', signal), { code: 'vm-not-found' });
});

describeProvider('rvtools', async (t) => {
  const own = await mkdtemp(path.join(tmpdir(), 'kubeferry-rvtools-'));
  t.after(() => rm(own, { recursive: true }));
  const source = path.join(own, 'fleet.xlsx');
  await writeXlsx(source, toRows(SAMPLE));
  return { provider: rvtoolsProvider, source, inventoryOnly: true };
});
