/** Damaged input, thousands of times with a fixed seed: each ends in facts or in a MigrationError, never in another error or a hang. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseVmdkDescriptor } from '../../../../providers/file/image/vmdk-descriptor.ts';
import { listDrives } from '../../../../providers/file/vmx/drives.ts';
import { parseVmx } from '../../../../providers/file/vmx/parse-vmx.ts';
import { toVm } from '../../../../providers/file/vmx/to-vm.ts';
import { vmxValues } from '../../../../providers/file/vmx/values.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { sampleDisk, type Workshop, workshop } from './workshop.ts';

/** Park and Miller's generator: the same cases in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

let shop: Workshop;
before(async () => {
  shop = await workshop();
  // Small images make the same decisions, and thousands of cases affordable.
  await shop.write('disk.raw', sampleDisk().subarray(0, 196_608));
  await shop.write('zero.raw', Buffer.alloc(196_608));
});
after(() => shop[Symbol.asyncDispose]());

/** Values that readers trip over. */
const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff];

function damage(original: Buffer, spots: readonly number[], random: (below: number) => number): Buffer {
  const image = Buffer.from(original);
  const count = 1 + random(4);
  for (let turn = 0; turn < count; turn += 1) {
    const at = (spots[random(spots.length)] ?? 0) + random(120);
    const length = 1 + random(8);
    image.fill(random(3) === 0 ? random(256) : (BYTES[random(BYTES.length)] ?? 0), at, Math.min(at + length, image.length));
  }
  return random(8) === 0 ? image.subarray(0, random(image.length)) : image;
}

async function settles(name: string, what: () => unknown): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (error) {
    assert.ok(error instanceof MigrationError, `${name}: ${error instanceof Error ? error.stack : String(error)}`);
    return false;
  }
}

const TURNS = 400;

const IMAGES: readonly (readonly [name: string, args: readonly string[], spots: readonly number[]])[] = [
  ['a.vmdk', ['-O', 'vmdk'], [0, 0, 40, 512, 600, 21 * 512, 26 * 512]],
  ['b.vmdk', ['-O', 'vmdk', '-o', 'subformat=streamOptimized'], [0, 0, 40, 512, 26 * 512]],
  ['c.vmdk', ['-O', 'vmdk', '-o', 'subformat=monolithicFlat'], [0, 100, 200]],
  ['d.vhd', ['-O', 'vpc'], [0, 0, 512, 600, 1536]],
  ['e.qcow2', ['-O', 'qcow2'], [0, 0, 60, 100, 3 * 65_536, 4 * 65_536]],
  ['f.vdi', ['-O', 'vdi'], [0, 330, 330, 512]],
];

for (const [name, args, spots] of IMAGES) {
  test(`every damaged ${args.at(-1)} image is told or refused`, async () => {
    // One block of these is a megabyte and more.
    const isCoarse = name.endsWith('vhd') || name.endsWith('vdi');
    await shop.qemu('convert', '-f', 'raw', ...args, isCoarse ? 'zero.raw' : 'disk.raw', name);
    const random = generator(name.charCodeAt(0));
    const original = await shop.read(name);
    let refused = 0;
    for (let turn = 0; turn < TURNS; turn += 1) {
      await shop.write(`bad-${name}`, damage(original, spots, random));
      if (!(await settles(`${name} ${turn}`, () => shop.probe(`bad-${name}`)))) refused += 1;
    }
    assert.ok(refused > 0 && refused < TURNS, `${refused} of ${TURNS} were refused`);
  });
}

test('every damaged VHDX is told or refused', async () => {
  await shop.qemu('create', '-q', '-f', 'vhdx', '-o', 'block_size=1M', 'g.vhdx', '4M');
  const random = generator(7);
  const original = await shop.read('g.vhdx');
  const metadata = original.indexOf('metadata');
  const spots = [65_536, 131_072, 196_608, metadata, metadata + 65_536];
  for (let turn = 0; turn < 60; turn += 1) {
    await shop.write('bad.vhdx', damage(original, turn % 3 === 0 ? spots : spots.slice(3), random));
    await settles(`vhdx ${turn}`, () => shop.probe('bad.vhdx'));
  }
});

const DESCRIPTOR = `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=0a0b0c0d
parentCID=ffffffff
createType="twoGbMaxExtentFlat"
RW 4192256 FLAT "disk-f001.vmdk" 0
RW 2048 FLAT "disk-f002.vmdk" 0
changeTrackPath="disk-ctk.vmdk"
ddb.uuid = "60 00 C2 93 5c 6a 3d 11-22 33 44 55 66 77 88 99"
ddb.adapterType = "lsilogic"
`;

const VMX = `.encoding = "UTF-8"
config.version = "8"
displayName = "Web |22one|22"
memSize = "2048"
numvcpus = "4"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "web.vmdk"
scsi0:0.mode = "independent-persistent"
sata0:1.deviceType = "cdrom-image"
sata0:1.present = "TRUE"
ethernet0.present = "TRUE"
ethernet0.generatedAddress = "00:0c:29:00:00:01"
uuid.bios = "56 4d 12 34 56 78 9a bc-de f0 12 34 56 78 9a bc"
rtc.diffFromUTC = "3600"
pciPassthru0.present = "TRUE"
`;

const PIECES = [
  '"',
  '|',
  '=',
  '\n',
  '\r',
  '#',
  ' ',
  '\0',
  '..',
  '/',
  '[',
  '9'.repeat(20),
  '-1',
  'é',
  '\u{1f600}',
  '|FF',
  '__proto__',
  ':',
];

function garble(text: string, random: (below: number) => number): Buffer {
  let garbled = text;
  const count = 1 + random(3);
  for (let turn = 0; turn < count; turn += 1) {
    const at = random(garbled.length + 1);
    const cut = random(3) === 0 ? random(30) : 0;
    garbled = garbled.slice(0, at) + (PIECES[random(PIECES.length)] ?? '') + garbled.slice(at + cut);
  }
  const bytes = Buffer.from(garbled);
  if (random(5) === 0) bytes[random(bytes.length)] = 0x80 + random(128);
  return bytes;
}

test('every garbled VMDK descriptor is read or refused', async () => {
  const random = generator(11);
  for (let turn = 0; turn < 3000; turn += 1) {
    const text = garble(DESCRIPTOR, random);
    await settles(`descriptor ${turn}`, () => parseVmdkDescriptor(text, 'disk.vmdk'));
  }
});

test('every garbled VMX is read or refused', async () => {
  const random = generator(13);
  for (let turn = 0; turn < 3000; turn += 1) {
    const text = garble(VMX, random);
    await settles(`vmx ${turn}`, () => {
      const values = vmxValues(parseVmx(text, 'web.vmx'));
      const drives = listDrives(values, 'web.vmx');
      return toVm({ path: '/vms/web.vmx', values, drives, images: new Map() });
    });
  }
});
