/** From a manifest to the machine, and from the machine to the words for qemu. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argvOf } from '../../../src/convert/boot/argv.ts';
import { type MachineFacts, type ProofMachine, planMachine } from '../../../src/convert/boot/machine.ts';
import { planNetwork } from '../../../src/convert/boot/network.ts';
import { MAC, tinyVm } from './tiny-guest.ts';

const FACTS: MachineFacts = {
  disks: [
    { claim: 'tiny-disk', path: '/disks/disk.img' },
    { claim: 'tiny-data', path: '/disks/data, too.img' },
  ],
  addresses: [],
  limits: { cpus: 2, memoryMiB: 1024 },
};

function argv(machine: ProofMachine, forwards = new Map<number, readonly number[]>()): readonly string[] {
  const overlays = machine.disks.map(({ path }) => path?.replace('/disks', '/overlays'));
  const files = { overlays, qmp: '/s/qmp', agent: '/s/agent', packets: machine.nics.map((_, index) => `/p/${index}`) };
  return argvOf(machine, files, { accelerator: 'tcg', forwards });
}

test('a BIOS guest with a virtio disk and card', () => {
  const machine = planMachine(tinyVm(), FACTS);
  assert.deepEqual(machine, {
    name: 'tiny',
    uuid: '5d307ca9-b3ef-428c-8861-06e72d69f223',
    cpu: { sockets: 1, cores: 1, threads: 1 },
    memoryMiB: 256,
    firmware: { kind: 'bios' },
    tpm: false,
    disks: [{ path: '/disks/disk.img', bus: 'virtio', cdrom: false, serial: 'TINY1', bootIndex: 1 }],
    nics: [{ model: 'virtio', mac: MAC, linkUp: true }],
    transitional: false,
    differences: [],
  });
});

test('without an order the disks are tried as they stand; with one, only those that have it', () => {
  const data = { name: 'data', disk: { bus: 'sata' } } as const;
  const bare = planMachine(tinyVm({ disks: [data, { name: 'disk', disk: { bus: 'scsi' } }] }), FACTS);
  assert.deepEqual(
    bare.disks.map(({ bus, bootIndex }) => ({ bus, bootIndex })),
    [
      { bus: 'sata', bootIndex: 1 },
      { bus: 'scsi', bootIndex: 2 },
    ],
  );
  const ordered = planMachine(tinyVm({ disks: [data, { name: 'disk', disk: { bus: 'scsi' }, bootOrder: 1 }] }), FACTS);
  assert.deepEqual(
    ordered.disks.map(({ bootIndex }) => bootIndex),
    [undefined, 1],
  );
});

test('buses, drives without a medium and commas in names reach qemu as words of their own', () => {
  const disks = [
    { name: 'disk', disk: { bus: 'scsi' }, bootOrder: 2, serial: 'a,b' },
    { name: 'data', disk: { bus: 'sata' } },
    { name: 'cd', cdrom: { bus: 'sata' } },
  ] as const;
  const words = argv(planMachine(tinyVm({ disks }), FACTS));
  const devices = words.filter((_, index) => ['-drive', '-device'].includes(words[index - 1] ?? ''));
  assert.deepEqual(
    devices.filter((device) => /disk|scsi|ide/.test(device)),
    [
      'virtio-scsi-pci-non-transitional,id=scsi',
      'if=none,id=disk0,format=qcow2,file=/overlays/disk.img,cache=unsafe,discard=unmap',
      'scsi-hd,drive=disk0,bus=scsi.0,bootindex=2,serial=a,,b',
      'if=none,id=disk1,format=qcow2,file=/overlays/data,, too.img,cache=unsafe,discard=unmap',
      'ide-hd,drive=disk1,bus=ide.0',
      'ide-cd,bus=ide.1',
    ],
  );
});

test('a seventh SATA disk gets another controller', () => {
  const disks = Array.from({ length: 7 }, (_, index) => ({ name: `cd${index}`, cdrom: { bus: 'sata' } }) as const);
  assert.deepEqual(
    argv(planMachine(tinyVm({ disks }), FACTS)).filter((word) => /^(ahci|ide-cd,bus=ahci)/.test(word)),
    ['ahci,id=ahci1', 'ide-cd,bus=ahci1.0,bootindex=7'],
  );
});

test('virtio is that of the manifest: only the new kind, unless older guests are to see it too', () => {
  const vm = tinyVm();
  const old = structuredClone(vm);
  Object.assign(old.spec.template.spec.domain.devices, { useVirtioTransitional: true });
  const virtio = (words: readonly string[]) =>
    words.filter((word) => word.startsWith('virtio-')).map((word) => word.split(',')[0]);
  const kinds = ['virtio-rng-pci', 'virtio-balloon-pci', 'virtio-serial-pci', 'virtio-blk-pci', 'virtio-net-pci'];
  assert.deepEqual(
    virtio(argv(planMachine(vm, FACTS))),
    kinds.map((kind) => `${kind}-non-transitional`),
  );
  assert.deepEqual(
    virtio(argv(planMachine(old, FACTS))),
    kinds.map((kind) => `${kind}-transitional`),
  );
});

test('cards that can be are behind ports of their own, so that guests give them the names they have in KubeVirt', () => {
  const interfaces = [
    { name: 'one', model: 'virtio', macAddress: MAC, bridge: {} },
    { name: 'two', model: 'rtl8139', bridge: {} },
    { name: 'three', model: 'e1000e', bridge: {} },
  ] as const;
  const words = argv(planMachine(tinyVm({ interfaces }), FACTS));
  assert.deepEqual(
    words.filter((word) => /root-port|netdev=nic/.test(word) && !word.startsWith('filter')),
    [
      'pcie-root-port,id=port0,chassis=1,slot=1',
      `virtio-net-pci-non-transitional,id=card0,netdev=nic0,bus=port0,mac=${MAC},romfile=`,
      'rtl8139,id=card1,netdev=nic1,romfile=',
      'pcie-root-port,id=port2,chassis=3,slot=3',
      'e1000e,id=card2,netdev=nic2,bus=port2,romfile=',
    ],
  );
});

test('every network is cut off, and only ports that are asked for lead in, from this machine alone', () => {
  const addresses = [{ mac: MAC, address: '192.0.2.10/24', gateway: '192.0.2.254' }];
  const machine = planMachine(tinyVm(), { ...FACTS, addresses });
  const backends = argv(machine, new Map([[0, [22, 443]]])).filter((word) => word.startsWith('user,'));
  assert.deepEqual(backends, [
    'user,id=nic0,restrict=on,ipv6=off,net=192.0.2.0/24,host=192.0.2.254,dns=192.0.2.1,hostfwd=tcp:127.0.0.1:0-192.0.2.10:22,hostfwd=tcp:127.0.0.1:0-192.0.2.10:443',
  ]);
});

test('the network fits the address of the guest, or is said not to', () => {
  const mac = MAC;
  assert.deepEqual(planNetwork({ mac, address: '10.1.2.1/20' }), {
    subnet: '10.1.0.0/20',
    guest: '10.1.2.1',
    gateway: '10.1.0.1',
    dns: '10.1.0.2',
  });
  assert.equal(planNetwork({ mac, address: '200.1.2.129/29', gateway: '10.0.0.1' })?.gateway, '200.1.2.130');
  assert.equal(planNetwork({ mac, address: '192.0.2.1/30' }), undefined);
  assert.equal(planNetwork({ mac, address: '2001:db8::1/64' }), undefined);
  const { differences } = planMachine(tinyVm(), { ...FACTS, addresses: [{ mac, address: '2001:db8::1/64' }] });
  assert.deepEqual(differences, ['The network of 2001:db8::1/64 cannot be imitated, so nic is not reached there.']);
});

test('what the proof takes away from the machine is said', () => {
  const { memoryMiB, cpu, differences } = planMachine(tinyVm({ memory: '8Gi' }), {
    ...FACTS,
    limits: { cpus: 1, memoryMiB: 1024 },
  });
  assert.equal(memoryMiB, 1024);
  assert.deepEqual(cpu, { sockets: 1, cores: 1, threads: 1 });
  assert.deepEqual(differences, ['It had 1024 MiB of memory instead of 8192 MiB.']);
});

test('what no emulated machine has is said', () => {
  const vm = tinyVm({ disks: [{ name: 'disk', lun: { bus: 'scsi' }, shareable: true }] });
  const { domain } = structuredClone(vm).spec.template.spec;
  Object.assign(domain, { clock: { timezone: 'Europe/Berlin' }, machine: { type: 'pc-q35-rhel9.4.0' } });
  Object.assign(domain, { cpu: { ...domain.cpu, model: 'Skylake-Server' }, features: { acpi: {}, hyperv: {} } });
  const other = { ...vm, spec: { ...vm.spec, template: { spec: { ...vm.spec.template.spec, domain } } } };
  assert.deepEqual(planMachine(other, FACTS).differences, [
    'Its processor is not of the model Skylake-Server.',
    'Its board is the newest q35 of this qemu instead of pc-q35-rhel9.4.0.',
    'It has none of the interfaces of Hyper-V that make Windows faster.',
    'Its hardware clock holds UTC instead of the time of its place.',
    'disk is an ordinary SCSI disk: no command of the guest reaches its volume.',
    'disk is shared with nobody.',
  ]);
});

test('a disk without its file is a mistake of the caller', () => {
  assert.throws(() => planMachine(tinyVm(), { ...FACTS, disks: [] }), /Disk disk has no file/);
});
