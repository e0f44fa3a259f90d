/** Odd hardware as the simulator serves it, read by the provider: each VM is told as what its name says, and differs in nothing else. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SourceVm } from '../../../src/model/vm.ts';
import { ODD_NAMES, saveOddInventory } from '../../peers/odd-inventory.ts';
import { startVcsim, type Vcsim } from '../../peers/vcsim.ts';
import { connectTo, live } from './simulator.ts';

let folder: string;
let vcsim: Vcsim;
const vms = new Map<string, SourceVm>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeferry-odd-'));
  await saveOddInventory(join(folder, 'inventory'));
  vcsim = await startVcsim({ load: join(folder, 'inventory') });
  await using connection = await connectTo(vcsim);
  for await (const vm of connection.vms(live())) vms.set(vm.name, vm);
});
after(async () => {
  await vcsim[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function vm(name: string): SourceVm {
  const found = vms.get(name);
  assert.ok(found, name);
  return found;
}

/** What a VM says beyond a plain one of the same inventory; where it is and what it is called aside. */
function odd(name: string): readonly string[] {
  const plain = new Set(facts(vm('DC0_C0_RP0_VM0')));
  return facts(vm(name)).filter((fact) => !plain.has(fact));
}

function facts(vm: SourceVm): readonly string[] {
  const { ref, name, identity, placement, extras, ...rest } = vm;
  return flat(rest).filter((fact) => !/^nics\.\d+\.(mac|network)|\.(storage|file)[.=]/.test(fact));
}

function flat(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [`${path}=${String(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, path === '' ? key : `${path}.${key}`));
}

test('every VM is read, under the name that people see', () => {
  for (const name of ODD_NAMES) vm(name.replaceAll('%2f', '/').replaceAll('%25', '%'));
  assert.deepEqual(odd('slash/percent%name'), []);
  assert.deepEqual(odd('Ünïcødé 日本 🚢 "quoted" & <tagged>'), []);
});

const LUN = 'disks.0.lun=0200000000600508b1001c1234567890abcdef00004c4f474943';
const RAW = 'disks.0.format.variant=vmfsRawDeviceMap';
const TOLD: Readonly<Record<string, readonly string[]>> = {
  'rdm-virtual': [RAW, 'disks.0.passthrough=rdm-virtual', LUN],
  'rdm-physical': [RAW, 'disks.0.mode=independent-persistent', 'disks.0.passthrough=rdm-physical', LUN],
  'independent-disk': ['disks.0.mode=independent-persistent'],
  'nonpersistent-disk': ['disks.0.mode=independent-nonpersistent'],
  vtpm: ['encrypted=true', 'firmware.kind=uefi', 'firmware.secureBoot=true', 'firmware.tpm=true'],
  'efi-secure-boot': ['firmware.kind=uefi', 'firmware.secureBoot=true'],
  'pci-passthrough': ['devices.2.kind=pci-passthrough', 'devices.2.label=PCI device 0'],
  vgpu: ['devices.2.kind=vgpu', 'devices.2.label=PCI device 0: grid_a100-10c'],
  'shared-bus': ['controllers.2.sharing=physical'],
  encrypted: ['encrypted=true', 'disks.0.encrypted=true'],
  template: ['isTemplate=true'],
  tracked: ['disks.0.changeTracking=true'],
  disconnected: ['connection=disconnected'],
  'pinned-cpus': [
    'cpu.hotAdd=true',
    'cpu.nestedVirtualization=true',
    'cpu.affinity=2,3',
    'memory.hotAdd=true',
    'memory.reservationLocked=true',
  ],
  'known-guest': [
    'guest.hostname=erp.example.com',
    'guest.filesystems.0.path=C:\\',
    'guest.filesystems.0.capacity=42949672960',
    'guest.filesystems.0.free=21474836480',
    'nics.0.guestIp.gateways.0=10.1.2.254',
    'nics.0.guestIp.dns.0=10.1.2.1',
  ],
};

for (const [name, told] of Object.entries(TOLD)) {
  test(`${name} is told, and nothing else`, () => assert.deepEqual([...odd(name)].sort(), [...told].sort()));
}

test('disks are named by the slot that they are in, on every kind of controller', () => {
  const keys = (name: string) => vm(name).disks.map(({ key }) => key);
  assert.deepEqual(keys('nvme'), ['scsi0:0', 'nvme0:0']);
  assert.deepEqual(keys('sata-disk'), ['scsi0:0', 'sata0:1']);
  const sixty = keys('sixty-disks');
  assert.equal(new Set(sixty).size, 60);
  // Unit 7 is the controller itself.
  assert.ok(sixty.includes('scsi4:14') && !sixty.includes('scsi1:7'));
});

test('a disk of two VMs is shared for both, in the same file', () => {
  const [a, b] = ['shared-a', 'shared-b'].map((name) => vm(name).disks[1]);
  assert.deepEqual([a?.file, a?.shared, a?.sharing], ['[LocalDS_0] shared/quorum.vmdk', true, 'multi-writer']);
  assert.deepEqual([b?.file, b?.shared, b?.sharing], [a?.file, a?.shared, a?.sharing]);
});

test('cards keep their order, their addresses and their kinds', () => {
  const { nics } = vm('ten-nics');
  assert.deepEqual(
    nics.slice(1).map(({ model, mac }) => [model, mac]),
    Array.from({ length: 9 }, (_, at) => ['vmxnet3', `00:50:56:01:02:0${at + 1}`]),
  );
  assert.deepEqual(
    vm('sriov').nics.map(({ model }) => model),
    ['e1000', 'sriov'],
  );
});

test('networks are told with what they pass', () => {
  const network = (name: string) => vm(name).nics[0]?.network;
  const ranges = [
    { first: 10, last: 20 },
    { first: 100, last: 4000 },
  ];
  assert.deepEqual(network('on-trunk')?.trunk, { ranges });
  // The switch of the simulator does not say which pair it belongs to.
  assert.deepEqual(network('on-private-vlan')?.privateVlan, { primary: 155 });
  assert.equal(network('on-nsx-portgroup')?.name, 'DC0_NSXPG0');
  assert.ok(network('on-nsx-segment')?.overlay);
});
