/** Descriptors in the manner of each tool: what is read from them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskItem, envelope, failsWith, system } from '../package-fixture.ts';
import { readDrafts, readSample, readText, sampleText } from './read-sample.ts';

function extras(name: string, configuration?: string): Record<string, string> {
  return Object.fromEntries(readSample(name, configuration).vm.extras.map(({ path, value }) => [path, value]));
}

function slots(name: string): readonly (readonly [string, string])[] {
  return readSample(name).disks.map(({ key, label }) => [key, label]);
}

test('vCenter: processors, memory and their limits', () => {
  const { cpu, memory } = readSample('vcenter-uefi.ovf').vm;
  assert.deepEqual(cpu, {
    count: 8,
    coresPerSocket: 4,
    hotAdd: true,
    nestedVirtualization: true,
    reservationMhz: 1000,
    limitMhz: 4000,
  });
  assert.deepEqual(memory, { size: 16 * 2 ** 30, hotAdd: false });
});

test('vCenter: UEFI with secure boot, a TPM, the nvram file and the boot order', () => {
  assert.deepEqual(readSample('vcenter-uefi.ovf').vm.firmware, {
    kind: 'uefi',
    secureBoot: true,
    tpm: true,
    nvramFile: 'ledger.nvram',
    bootOrder: ['disk', 'network'],
  });
});

test('vCenter: every controller kind has its word, and disks sit in their slots with their boot ranks', () => {
  const { vm, disks } = readSample('vcenter-uefi.ovf');
  assert.deepEqual(vm.controllers, [
    { key: 'scsi0', kind: 'pvscsi' },
    { key: 'scsi1', kind: 'lsisas' },
    { key: 'sata0', kind: 'sata' },
    { key: 'nvme0', kind: 'nvme' },
  ]);
  assert.deepEqual(
    disks.map(({ key, label, bootOrder, declared, files }) => [key, label, bootOrder, declared, files[0]?.href]),
    [
      ['scsi0:0', 'Hard disk 1', 2, 8 * 2 ** 20, 'ledger-1.vmdk'],
      ['scsi1:2', 'Hard disk 2', 1, 4 * 2 ** 20, 'ledger-2.vmdk'],
      ['nvme0:0', 'Hard disk 3', undefined, 2 * 2 ** 30, undefined],
    ],
  );
});

test('vCenter: NICs, the empty drive, devices, guest, notes and writer', () => {
  const { vm } = readSample('vcenter-uefi.ovf');
  assert.deepEqual(vm.nics, [
    {
      key: 'ethernet0',
      label: 'Network adapter 1',
      model: 'vmxnet3',
      mac: '00:50:56:ab:cd:01',
      network: { id: 'dv-accounting', name: 'dv-accounting' },
      startConnected: true,
    },
    {
      key: 'ethernet1',
      label: 'Network adapter 2',
      model: 'e1000e',
      network: { id: 'dv-backup', name: 'dv-backup' },
      startConnected: false,
    },
  ]);
  assert.deepEqual(vm.cdroms, [{ key: 'sata0:0', slot: { controller: 'sata0', unit: 0 } }]);
  assert.deepEqual(
    vm.devices.map(({ kind }) => kind),
    ['usb-controller', 'video', 'vmci', 'floppy'],
  );
  assert.deepEqual(vm.guest, {
    osId: 'windows2019srvNext_64Guest',
    osIdKind: 'vmware',
    osName: 'Microsoft Windows Server 2022 (64-bit)',
  });
  assert.equal(vm.name, 'Ledger (production)');
  assert.match(vm.notes ?? '', /^Owned by finance\.\nDo not/);
  assert.deepEqual(vm.platform, { vendor: 'vmware', hardwareVersion: 'vmx-19', writtenBy: 'VMware vCenter Server' });
});

test('vCenter: what has no field becomes an extra, and secrets are withheld', () => {
  const facts = extras('vcenter-uefi.ovf');
  assert.equal(facts['vmw:Config/tools.syncTimeWithHost'], 'false');
  assert.equal(facts['vmw:ExtraConfig/svga.autodetect'], 'TRUE');
  assert.equal(facts['vmw:ExtraConfig/RemoteDisplay.vnc.password'], '(withheld)');
  assert.equal(facts['Item[Network adapter 1]/vmw:Config/wakeOnLanEnabled'], 'true');
  assert.equal(facts['vmw:ExtraConfig/nvram'], undefined);
});

test('OVF 0.9 under a prefix of its own: sections by type, captions, MegaBytes', () => {
  const { vm, disks, eulas, properties } = readSample('vmware-0.9.ovf');
  assert.equal(readText(sampleText('vmware-0.9.ovf')).version, '0.9');
  assert.equal(vm.name, 'Old appliance');
  assert.equal(vm.notes, 'Made in 2008');
  assert.equal(vm.memory.size, 256 * 2 ** 20);
  assert.equal(vm.nics[0]?.model, 'pcnet');
  assert.deepEqual(slots('vmware-0.9.ovf'), [['scsi0:0', 'Harddisk 1']]);
  assert.equal(disks[0]?.declared, 8 * 2 ** 20);
  assert.equal(eulas, 1);
  assert.deepEqual(properties, [{ key: 'ip', value: '10.0.0.9', userConfigurable: true }]);
});

test('VirtualBox: its own section gives firmware, TPM, boot order, clock, identity and MAC addresses', () => {
  const { vm } = readSample('virtualbox.ovf');
  assert.deepEqual(vm.firmware, { kind: 'uefi', tpm: true, bootOrder: ['cdrom', 'disk'] });
  assert.equal(vm.cpu.nestedVirtualization, true);
  assert.deepEqual(vm.clock, { rtc: 'utc' });
  assert.equal(vm.identity.biosUuid, '6f0d2a4e-0e0b-4d6f-8a43-5d7b7e8a1c02');
  assert.deepEqual(
    vm.nics.map(({ model, mac }) => [model, mac]),
    [
      ['e1000', '08:00:27:de:ca:de'],
      ['virtio', '08:00:27:c0:ff:ee'],
    ],
  );
  assert.deepEqual(vm.guest, { osId: 'Debian12_64', osIdKind: 'virtualbox', osName: 'Debian_64' });
});

test('VirtualBox: two IDE controllers, SATA, media in the drive, shared folders as an extra', () => {
  const { vm } = readSample('virtualbox.ovf');
  assert.deepEqual(
    vm.controllers.map(({ key }) => key),
    ['ide0', 'ide1', 'sata0'],
  );
  assert.deepEqual(slots('virtualbox.ovf'), [['sata0:0', 'disk1']]);
  assert.deepEqual(vm.cdroms, [{ key: 'ide1:0', slot: { controller: 'ide1', unit: 0 }, media: 'tools.iso' }]);
  assert.equal(extras('virtualbox.ovf')['vbox:Machine/SharedFolders/SharedFolder@name'], 'work');
});

test('oVirt: sockets and cores, implied controllers, two NICs of one InstanceId, firmware by BiosType', () => {
  const { vm, disks } = readSample('ovirt.ovf');
  assert.deepEqual(vm.cpu, { count: 4, coresPerSocket: 2 });
  assert.deepEqual(vm.controllers, [{ key: 'scsi0', kind: 'virtio-scsi' }]);
  assert.equal(disks[0]?.key, 'scsi0:0');
  assert.equal(disks[0]?.bootOrder, 1);
  assert.equal(disks[0]?.declared, 2 ** 30);
  assert.deepEqual(
    vm.nics.map(({ model, mac, connected }) => [model, mac, connected]),
    [
      ['virtio', '56:6f:1a:2b:00:01', true],
      ['e1000', '56:6f:1a:2b:00:02', false],
    ],
  );
  assert.deepEqual(vm.firmware, { kind: 'uefi', secureBoot: true });
  assert.equal(vm.identity.biosUuid, '9f8e7d6c-5b4a-4321-8765-0123456789ab');
  assert.equal(vm.clock.rtc, 'Etc/GMT');
  assert.equal(vm.platform.vendor, 'kvm');
});

test('Xen: disks of type 19 without controller, limits in units of its own kept as an extra', () => {
  const { vm } = readSample('xen.ovf');
  assert.deepEqual(slots('xen.ovf'), [['d-1', 'System disk']]);
  assert.deepEqual(vm.cpu, { count: 2 });
  assert.equal(extras('xen.ovf')['Item[CPU]/Limit'], '100000');
  assert.equal(vm.platform.vendor, 'xen');
});

test('IBM: attributes without namespace, a system inside a nameless collection', () => {
  const { vm, disks } = readSample('ibm-powervc.ovf');
  assert.equal(vm.name, 'aix72');
  assert.equal(vm.platform.vendor, 'ibm');
  assert.deepEqual(vm.guest, { osId: '9', osIdKind: 'cim', osName: 'AIX' });
  assert.equal(disks[0]?.files[0]?.href, 'boot.raw');
});

test('OVF 2: storage and Ethernet items of their own kind', () => {
  const { vm } = readSample('ovf2.ovf');
  assert.equal(readText(sampleText('ovf2.ovf')).version, '2');
  assert.deepEqual(slots('ovf2.ovf'), [['scsi0:3', 'vda']]);
  assert.deepEqual(vm.nics, [
    { key: 'ethernet0', label: 'eth0', model: 'virtio', mac: '52:54:00:aa:bb:cc', network: { id: 'lan', name: 'lan' } },
  ]);
});

test('Cloud Director: hostname from guest customisation, its password withheld', () => {
  assert.equal(readSample('cloud-director.ovf').vm.guest.hostname, 'app-01-prod');
  assert.equal(extras('cloud-director.ovf')['vcloud:GuestCustomizationSection/AdminPassword'], '(withheld)');
});

test('a collection: systems in order of the file, nested ones included, with two of one name', () => {
  const drafts = readDrafts(sampleText('vapp-configurations.ovf'), 'medium');
  assert.deepEqual(
    drafts.map(({ vm }) => vm.name),
    ['front end', 'front end'],
  );
  assert.deepEqual(
    readText(sampleText('vapp-configurations.ovf')).systems.map(({ id }) => id),
    ['web', 'db'],
  );
});

for (const [configuration, cpus, nics, scratch] of [
  ['small', 1, 0, 16],
  ['medium', 2, 0, 16],
  ['large', 2, 1, 64],
] as const) {
  test(`the configuration ${configuration} has its own items and property values`, () => {
    const { vm, disks } = readSample('vapp-configurations.ovf', configuration);
    assert.equal(vm.cpu.count, cpus);
    assert.equal(vm.nics.length, nics);
    assert.equal(disks[0]?.declared, scratch * 2 ** 20);
  });
}

test('of a range the normal item counts, and its marks are extras', () => {
  assert.equal(readSample('vapp-configurations.ovf', 'medium').vm.memory.size, 2 ** 31);
  const facts = readSample('vapp-configurations.ovf', 'medium').vm.extras.filter(({ path }) => path === 'Item[memory]');
  assert.deepEqual(
    facts.map(({ value }) => value),
    ['min of a range: 1024', 'max of a range: 8192'],
  );
});

test('properties of a collection reach its systems without the values of passwords', () => {
  const { properties, eulas } = readSample('vapp-configurations.ovf', 'medium');
  assert.deepEqual(properties, [
    { key: 'appliance.scratch.size', label: 'Scratch space in MiB', value: '16', userConfigurable: true },
    { key: 'appliance.admin.size', label: 'Administrator' },
  ]);
  assert.equal(eulas, 1);
  assert.ok(!JSON.stringify(readSample('vapp-configurations.ovf', 'medium').vm).includes('letmein'));
});

test('start order, transport and product are extras', () => {
  const facts = extras('vapp-configurations.ovf', 'medium');
  assert.equal(facts['ovf:StartupSection@order'], '2');
  assert.equal(facts['ovf:VirtualHardwareSection@transport'], 'com.vmware.guestInfo iso');
  assert.equal(facts['ovf:ProductSection/Product'], 'Tracker Suite');
});

test('a system without hardware, and one without disks, are VMs of which little is known', () => {
  const [bare, diskless] = readDrafts(envelope({ systems: `<VirtualSystem ovf:id="a"><Info/></VirtualSystem>${system('b')}` }));
  assert.equal(bare?.vm.name, 'a');
  assert.deepEqual(bare?.disks, []);
  assert.deepEqual(diskless?.disks, []);
  assert.equal(bare?.vm.cpu.count, undefined);
});

test('an unknown operating system stays what it says', () => {
  const os = '<OperatingSystemSection ovf:id="65000"><Info/><Description>TempleOS</Description></OperatingSystemSection>';
  const [draft] = readDrafts(envelope({ systems: `<VirtualSystem ovf:id="a"><Info/>${os}</VirtualSystem>` }));
  assert.deepEqual(draft?.vm.guest, { osId: '65000', osIdKind: 'cim', osName: 'TempleOS' });
});

test('two disks in one slot keep keys of their own', () => {
  const disks = '<Disk ovf:diskId="d1" ovf:capacity="1"/><Disk ovf:diskId="d2" ovf:capacity="1"/>';
  const [draft] = readDrafts(envelope({ disks, items: diskItem('d1') + diskItem('d2') + diskItem('d2') }));
  assert.deepEqual(
    draft?.disks.map(({ key }) => key),
    ['scsi0:0', 'd2', 'd2#2'],
  );
});

test('a drive without any image in the package is said to be one', () => {
  const item =
    '<Item><rasd:ElementName>Raw LUN</rasd:ElementName><rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType></Item>';
  const [draft] = readDrafts(envelope({ items: item }));
  assert.deepEqual(draft?.vm.devices, [{ kind: 'other', label: 'Raw LUN (no image in the package)' }]);
});

const REFUSED: readonly (readonly [string, Parameters<typeof failsWith>[0], string])[] = [
  ['XML that is no envelope', 'ovf-not-ovf', '<html/>'],
  ['an envelope of another namespace', 'ovf-not-ovf', '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>'],
  ['an envelope without a system', 'ovf-malformed', envelope({ systems: ' ' })],
  ['two systems of one id', 'ovf-duplicate-id', envelope({ systems: system('a') + system('a') })],
  [
    'two files of one id',
    'ovf-duplicate-id',
    envelope({ files: '<File ovf:id="a" ovf:href="b"/><File ovf:id="a" ovf:href="c"/>' }),
  ],
  ['two disks of one id', 'ovf-duplicate-id', envelope({ disks: '<Disk ovf:diskId="d1"/><Disk ovf:diskId="d1"/>' })],
  [
    'two controllers of one id',
    'ovf-duplicate-id',
    envelope({ items: '<Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>' }),
  ],
  ['a file without href', 'ovf-malformed', envelope({ files: '<File ovf:id="f1"/>' })],
  ['a file that a disk names and nobody declares', 'ovf-malformed', envelope({ files: '' })],
  ['a disk that an item names and nobody declares', 'ovf-malformed', envelope({ items: diskItem('nowhere') })],
  ['a disk with neither file nor capacity', 'ovf-malformed', envelope({ disks: '<Disk ovf:diskId="d1"/>' })],
  ['a capacity that is no number', 'ovf-malformed', envelope({ disks: '<Disk ovf:diskId="d1" ovf:capacity="-5"/>' })],
  ['a capacity of 9 PiB', 'ovf-malformed', envelope({ disks: '<Disk ovf:diskId="d1" ovf:capacity="9007199254740991"/>' })],
  [
    'a unit that nobody knows',
    'ovf-malformed',
    envelope({ disks: '<Disk ovf:diskId="d1" ovf:capacity="5" ovf:capacityAllocationUnits="furlong"/>' }),
  ],
  [
    'a capacity of a property that is not there',
    'ovf-malformed',
    envelope({ disks: `<Disk ovf:diskId="d1" ovf:capacity="\${x}"/>` }),
  ],
  [
    'a parent that is not there',
    'ovf-malformed',
    envelope({ disks: '<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:parentRef="d0" ovf:capacity="5"/>' }),
  ],
  [
    'a disk that is its own grandparent',
    'image-parent-loop',
    envelope({
      disks:
        '<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:parentRef="d2" ovf:capacity="5"/><Disk ovf:diskId="d2" ovf:parentRef="d1" ovf:capacity="5"/>',
    }),
  ],
  ['an item without ResourceType', 'ovf-malformed', envelope({ items: '<Item><rasd:InstanceID>5</rasd:InstanceID></Item>' })],
  [
    'memory that is no number',
    'ovf-malformed',
    envelope({
      items:
        '<Item><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>much</rasd:VirtualQuantity></Item>',
    }),
  ],
  [
    'a thousand and one systems',
    'xml-too-complex',
    envelope({ systems: Array.from({ length: 1001 }, (_, id) => system(`v${id}`)).join('') }),
  ],
];

for (const [what, code, text] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(() => readDrafts(text), failsWith(code));
  });
}
