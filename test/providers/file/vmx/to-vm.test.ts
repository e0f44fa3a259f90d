import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbedImage } from '../../../../providers/file/seam.ts';
import { listDrives } from '../../../../providers/file/vmx/drives.ts';
import { parseVmx } from '../../../../providers/file/vmx/parse-vmx.ts';
import { toVm } from '../../../../providers/file/vmx/to-vm.ts';
import { vmxValues } from '../../../../providers/file/vmx/values.ts';
import { parseUuid } from '../../../../src/model/units.ts';
import type { SourceVm } from '../../../../src/model/vm.ts';

const IMAGE: ProbedImage = {
  layers: [{ format: 'vmdk', slices: [{ path: '/vms/a.vmdk', offset: 0, length: 10 }] }],
  capacity: 1024 ** 3,
  format: { container: 'vmdk', variant: 'monolithicFlat' },
};

function read(lines: string, image: ProbedImage = IMAGE, vmsd?: string): SourceVm {
  const values = vmxValues(parseVmx(Buffer.from(lines), 'web.vmx'));
  const drives = listDrives(values, 'web.vmx');
  const images = new Map(drives.filter(({ kind }) => kind === 'disk').map(({ key }) => [key, image]));
  const snapshots = vmsd === undefined ? {} : { snapshots: vmxValues(parseVmx(Buffer.from(vmsd), 'web.vmsd')) };
  return toVm({ path: '/vms/web/web.vmx', values, drives, images, ...snapshots });
}

test('a VM without settings is named after its file and has what VMware leaves out', () => {
  const vm = read('config.version = "8"');
  assert.deepEqual(vm.ref, { id: '/vms/web/web.vmx', name: 'web' });
  assert.deepEqual(vm.cpu, { count: 1 });
  assert.deepEqual(vm.firmware, { kind: 'bios' });
  assert.deepEqual([vm.memory, vm.identity, vm.clock, vm.guest, vm.snapshots], [{}, {}, {}, {}, {}]);
  assert.equal(vm.power, undefined);
  assert.deepEqual(vm.extras, []);
});

test('processors and memory', () => {
  const vm = read(`numvcpus = "8"\ncpuid.coresPerSocket = "4"\nvcpu.hotadd = "TRUE"\nvhv.enable = "FALSE"\nsched.cpu.min = "500"
sched.cpu.max = "unlimited"\nsched.cpu.affinity = "0,1"\nsched.cpu.latencySensitivity = "high"\nmemSize = "4096"\nmem.hotadd = "TRUE"
sched.mem.min = "1024"\nsched.mem.max = "2048"`);
  assert.deepEqual(vm.cpu, {
    count: 8,
    coresPerSocket: 4,
    hotAdd: true,
    nestedVirtualization: false,
    reservationMhz: 500,
    affinity: '0,1',
    latencySensitivity: 'high',
  });
  assert.deepEqual(vm.memory, { size: 4 * 1024 ** 3, hotAdd: true, reservation: 1024 ** 3, limit: 2 * 1024 ** 3 });
  assert.deepEqual(vm.extras, [{ path: 'vmx/sched.cpu.max', value: 'unlimited' }]);
});

test('firmware, TPM and boot order', () => {
  const vm = read(`firmware = "efi"\nuefi.secureBoot.enabled = "TRUE"\nmanagedVM.autoAddVTPM = "software"\nnvram = "web.nvram"
bios.bootOrder = "ethernet0,hdd,CDROM,ethernet1"`);
  assert.deepEqual(vm.firmware, {
    kind: 'uefi',
    secureBoot: true,
    tpm: true,
    nvramFile: 'web.nvram',
    bootOrder: ['network', 'disk', 'cdrom'],
  });
  assert.equal(read('vtpm.present = "FALSE"').firmware.tpm, false);
  assert.equal(read('firmware = "coreboot"').firmware.kind, undefined);
});

test('a word that is not known stays in the rest', () => {
  const words =
    'firmware = "coreboot"\nscsi0.present = "TRUE"\nscsi0.virtualDev = "newscsi"\nscsi0:0.fileName = "a.vmdk"\nscsi0:0.mode = "undoable"';
  assert.deepEqual(read(words).extras, [
    { path: 'vmx/firmware', value: 'coreboot' },
    { path: 'vmx/scsi0.virtualDev', value: 'newscsi' },
    { path: 'vmx/scsi0:0.mode', value: 'undoable' },
  ]);
});

test('identity, clock and guest', () => {
  const vm =
    read(`uuid.bios = "56 4d 12 34 56 78 9a bc-de f0 12 34 56 78 9a bc"\nvc.uuid = "50 2a 00 00 00 00 00 00-00 00 00 00 00 00 00 01"
serialNumber = "S1"\nsmbios.assetTag = "A1"\nrtc.diffFromUTC = "-12600"\nguestOS = "windows2019srv-64"\nvmware.tools.internalversion = "12352"
guestOS.detailed.data = "bitness='64' prettyName='Windows Server 2019'"`);
  assert.deepEqual(vm.identity, {
    biosUuid: '564d1234-5678-9abc-def0-123456789abc',
    instanceUuid: '502a0000-0000-0000-0000-000000000001',
    serial: 'S1',
    assetTag: 'A1',
  });
  assert.deepEqual(vm.clock, { rtc: '-03:30' });
  assert.deepEqual(vm.guest, {
    osId: 'windows2019srv-64',
    osIdKind: 'vmware',
    osName: 'Windows Server 2019',
    tools: { installed: true, version: '12352' },
  });
  assert.deepEqual(read('rtc.diffFromUTC = "0"').clock, { rtc: 'utc' });
  assert.deepEqual(read('vmware.tools.internalversion = "0"').guest.tools, { installed: false });
});

test('controllers and disks, numbered by bus, controller and unit', () => {
  const vm = read(`ide0:0.present = "TRUE"\nide0:0.fileName = "old.vmdk"
nvme0.present = "TRUE"\nnvme0:1.present = "TRUE"\nnvme0:1.fileName = "fast.vmdk"
scsi1.present = "TRUE"\nscsi1.virtualDev = "lsisas1068"\nscsi1.sharedBus = "physical"\nscsi1:10.present = "TRUE"\nscsi1:10.fileName = "ten.vmdk"
scsi1:2.present = "TRUE"\nscsi1:2.fileName = "two.vmdk"\nscsi1:2.mode = "independent-persistent"\nscsi1:2.ctkEnabled = "TRUE"
scsi0.present = "TRUE"\nscsi0.virtualDev = "pvscsi"\nscsi0:0.present = "FALSE"\nscsi0:0.fileName = "gone.vmdk"
scsi0:1.present = "TRUE"\nscsi0:1.fileName = "one.vmdk"\nscsi0:1.sharing = "multi-writer"\nbios.hddOrder = "nvme0:1,scsi1:2"`);
  assert.deepEqual(
    vm.controllers.map(({ key, kind, sharing }) => [key, kind, sharing]),
    [
      ['scsi0', 'pvscsi', undefined],
      ['scsi1', 'lsisas', 'physical'],
      ['nvme0', 'nvme', undefined],
      ['ide0', 'ide', undefined],
    ],
  );
  assert.deepEqual(
    vm.disks.map(({ key, label, file, bootOrder, shared }) => [key, label, file, bootOrder, shared]),
    [
      ['scsi0:1', 'Hard disk 1', 'one.vmdk', undefined, true],
      ['scsi1:2', 'Hard disk 2', 'two.vmdk', 2, true],
      ['scsi1:10', 'Hard disk 3', 'ten.vmdk', undefined, true],
      ['nvme0:1', 'Hard disk 4', 'fast.vmdk', 1, undefined],
      ['ide0:0', 'Hard disk 5', 'old.vmdk', undefined, undefined],
    ],
  );
  assert.equal(vm.disks[1]?.mode, 'independent-persistent');
  assert.equal(vm.disks[1]?.changeTracking, true);
});

test('the UUID of a disk is its serial only when the VM shows it', () => {
  const uuid = parseUuid('60 00 C2 93 5c 6a 3d 11-22 33 44 55 66 77 88 99');
  assert.ok(uuid);
  const disk = 'scsi0:0.present = "TRUE"\nscsi0:0.fileName = "a.vmdk"\n';
  assert.equal(read(disk, { ...IMAGE, uuid }).disks[0]?.serial, undefined);
  assert.equal(read(`${disk}disk.EnableUUID = "TRUE"`, { ...IMAGE, uuid }).disks[0]?.serial, '6000c2935c6a3d112233445566778899');
});

test('CD-ROM drives with and without media', () => {
  const vm =
    read(`ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "/isos/a.iso"\nide1:0.startConnected = "FALSE"
sata0:1.present = "TRUE"\nsata0:1.deviceType = "atapi-cdrom"\nsata0:1.fileName = "emptyBackingString"\nsata0:2.present = "TRUE"
sata0:2.fileName = "auto detect"`);
  assert.deepEqual(vm.cdroms, [
    { key: 'sata0:1', slot: { controller: 'sata0', unit: 1 } },
    { key: 'sata0:2', slot: { controller: 'sata0', unit: 2 } },
    { key: 'ide1:0', slot: { controller: 'ide1', unit: 0 }, media: '/isos/a.iso', connected: false },
  ]);
});

test('NICs with the address in force', () => {
  const vm =
    read(`ethernet0.present = "TRUE"\nethernet0.virtualDev = "vmxnet3"\nethernet0.networkName = "VM Network"\nethernet0.addressType = "static"
ethernet0.address = "00:50:56:00:00:01"\nethernet0.generatedAddress = "00:0c:29:00:00:01"\nethernet0.startConnected = "FALSE"
ethernet2.present = "TRUE"\nethernet2.addressType = "vpx"\nethernet2.generatedAddress = "00:50:56:9a:00:02"\nethernet2.dvs.portgroupId = "dvportgroup-7"
ethernet3.present = "TRUE"\nethernet3.virtualDev = "pvrdma"\nethernet3.connectionType = "custom"\nethernet3.vnet = "VMnet2"
ethernet1.present = "FALSE"\nethernet1.virtualDev = "e1000"`);
  assert.deepEqual(vm.nics, [
    {
      key: 'ethernet0',
      label: 'Network adapter 1',
      model: 'vmxnet3',
      mac: '00:50:56:00:00:01',
      macOrigin: 'manual',
      network: { id: 'VM Network', name: 'VM Network' },
      startConnected: false,
    },
    {
      key: 'ethernet2',
      label: 'Network adapter 2',
      mac: '00:50:56:9a:00:02',
      macOrigin: 'assigned',
      network: { id: 'dvportgroup-7', name: 'dvportgroup-7' },
    },
    { key: 'ethernet3', label: 'Network adapter 3', modelName: 'pvrdma', network: { id: 'VMnet2', name: 'VMnet2' } },
  ]);
});

test('other devices, present ones only', () => {
  const vm =
    read(`usb.present = "TRUE"\nusb_xhci.present = "FALSE"\nfloppy0.present = "TRUE"\nfloppy0.fileType = "file"\nfloppy0.fileName = "a.flp"
serial1.present = "TRUE"\npciPassthru0.present = "TRUE"\npciPassthru0.id = "0000:3b:00.0"\npciPassthru1.present = "TRUE"\npciPassthru1.vgpu = "grid_t4"
scsi0:3.present = "TRUE"\nscsi0:3.deviceType = "scsi-passthru"\nscsi0:3.fileName = "/dev/st0"\nmks.enable3d = "TRUE"`);
  assert.deepEqual(vm.devices, [
    { kind: 'usb-controller', label: 'USB controller' },
    { kind: 'floppy', label: 'Floppy drive 1 (file a.flp)' },
    { kind: 'serial', label: 'Serial port 2' },
    { kind: 'pci-passthrough', label: 'PCI device 0000:3b:00.0' },
    { kind: 'vgpu', label: 'vGPU grid_t4' },
    { kind: 'other', label: 'SCSI device scsi0:3 (/dev/st0)' },
    { kind: 'video', label: '3D graphics' },
  ]);
});

test('power, notes, template, hardware version', () => {
  const vm = read('checkpoint.vmState = "web.vmss"\nannotation = "two|0Alines"\nvirtualHW.version = "9"');
  assert.equal(vm.power, 'suspended');
  assert.equal(vm.notes, 'two\nlines');
  assert.deepEqual(vm.platform, { vendor: 'vmware', hardwareVersion: 'vmx-09' });
  assert.equal(read('cleanShutdown = "TRUE"').power, 'off');
  assert.equal(read('cleanShutdown = "FALSE"').power, undefined);
});

test('snapshots are counted from the list beside the VM', () => {
  assert.deepEqual(read('memsize = "1"', IMAGE, '').snapshots, { count: 0 });
  assert.deepEqual(read('memsize = "1"', IMAGE, 'snapshot.numSnapshots = "3"\nsnapshot.needConsolidate = "TRUE"').snapshots, {
    count: 3,
    consolidationNeeded: true,
  });
});

test('what no field holds is told, bookkeeping and settings of absent devices are not, secrets are withheld', () => {
  const vm =
    read(`.encoding = "UTF-8"\nethernet0.pciSlotNumber = "192"\nethernet1.present = "FALSE"\nethernet1.pciSlotNumber = "224"
scsi0:0.redo = ""\nscsi0:1.redo = "a.REDO_x"\nguestinfo.userdata = "cGFzcw=="\nencryption.bundle = "key"\nRemoteDisplay.vnc.key = "k"
smbios.reflectHost = "TRUE"\ncleanShutdown = "FALSE"\nhpet0.present = "TRUE"\nnumvcpus = "many"\ngui.lastPoweredViewMode = "fullscreen"`);
  assert.deepEqual(vm.extras, [
    { path: 'vmx/cleanShutdown', value: 'FALSE' },
    { path: 'vmx/ethernet0.pciSlotNumber', value: '192' },
    { path: 'vmx/scsi0:1.redo', value: 'a.REDO_x' },
    { path: 'vmx/guestinfo.userdata', value: '(withheld)' },
    { path: 'vmx/encryption.bundle', value: '(withheld)' },
    { path: 'vmx/RemoteDisplay.vnc.key', value: '(withheld)' },
    { path: 'vmx/smbios.reflectHost', value: 'TRUE' },
    { path: 'vmx/hpet0.present', value: 'TRUE' },
    { path: 'vmx/numvcpus', value: 'many' },
  ]);
});

test('a disk that names no file is an error', () => {
  assert.throws(() => read('scsi0:0.present = "TRUE"'), {
    code: 'vmx-malformed',
    place: { file: 'web.vmx', at: 'scsi0:0.fileName' },
  });
});
