/** VHD and VHDX files on a share of samba: read through our client, judged by qemu-img and libvhdi, which read the files where they lie. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { lookAtShared } from '../../../../src/transfer/transports/smb/open-shared.ts';
import { describeDiskReader, scatteredDisk } from '../../../conformance/disk-reader.ts';
import { type Samba, type SambaOptions, startSamba } from '../../../peers/samba.ts';
import { assertSameBytes, assertSameDisk, copy, jobTo, MiB, run, type Scratch, scratch } from '../../fixture.ts';
import { readByLibvhdi } from '../../formats/libvhdi.ts';
import { blocksOf, changedBlocks } from '../../formats/vhdx/disks.ts';
import { guidOf, writeVhdx } from '../../formats/vhdx/vhdx-writer.ts';
import { hurriedClock, live } from '../range/fixture.ts';
import { accessTo, BECAUSE, openOn, SHARE, sharedSource, smbFile } from './fixture.ts';

const SIZE = 12 * MiB;
const { content } = scatteredDisk(SIZE);
/** The disk after its guest wrote on it, in single sectors too. */
const later = Buffer.from(content);
const written = scatteredDisk(SIZE, 2).content;
for (let at = 0; at < SIZE; at += 3 * 4096) written.copy(later, at, at, at + 512);

let place: Scratch;
let samba: Samba;

before(async () => {
  place = await scratch();
  await writeFile(place.path('disk.raw'), content);
  await convert('dynamic.vhdx', 'vhdx', 'subformat=dynamic,block_size=1M');
  await convert('fixed.vhdx', 'vhdx', 'subformat=fixed');
  await convert('fixed.vhd', 'vpc', 'subformat=fixed,force_size=on');
  await convert('dynamic.vhd', 'vpc', 'subformat=dynamic,force_size=on');
  const base = { capacity: SIZE, blockSize: MiB, blocks: blocksOf(content, MiB), dataWriteGuid: guidOf('base.vhdx') };
  await writeVhdx(place.path('base.vhdx'), base);
  await writeVhdx(place.path('top.avhdx'), {
    capacity: SIZE,
    blockSize: 2 * MiB,
    blocks: changedBlocks(content, later, { blockSize: 2 * MiB, whole: 4 }),
    dataWriteGuid: guidOf('top.avhdx'),
    parent: { linkage: guidOf('base.vhdx'), path: '.\\base.vhdx' },
  });
  samba = await startSamba({ shares: { [SHARE]: place.folder } });
});

after(async () => {
  await samba?.[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

async function convert(name: string, format: string, options: string): Promise<void> {
  await run('qemu-img', 'convert', '-f', 'raw', '-O', format, '-o', options, place.path('disk.raw'), place.path(name));
}

describeDiskReader('a reader of a dynamic VHDX on a share', async () => {
  const reader = await openOn(samba, { names: ['dynamic.vhdx'], capacity: SIZE });
  return { reader, content, mostAllocated: SIZE };
});

describeDiskReader('a reader of a fixed VHD on a share', async () => {
  return { reader: await openOn(samba, { names: ['fixed.vhd'], capacity: SIZE, format: 'vhd' }), content };
});

describeDiskReader('a reader of a chain of two VHDX on a share', async () => {
  return { reader: await openOn(samba, { names: ['top.avhdx', 'base.vhdx'], capacity: SIZE }), content: later };
});

for (const [name, format, foreign] of [
  ['dynamic.vhdx', 'vhdx', 'vhdx'],
  ['fixed.vhdx', 'vhdx', 'vhdx'],
  ['dynamic.vhd', 'vhd', 'vpc'],
  ['fixed.vhd', 'vhd', 'vpc'],
] as const) {
  test(`${name} of qemu-img, copied from a share, is the disk that qemu-img reads`, async () => {
    const source = sharedSource(samba.port, { names: [name], capacity: SIZE, format });
    const result = await copy(jobTo(place.path(`${name}.raw`), source, { recheckSource: true }), { access: accessTo(samba) });
    await assertSameDisk(place.path(`${name}.raw`), place.path(name), foreign);
    await assertSameBytes(place.path(`${name}.raw`), place.path('disk.raw'));
    const how = `smb: ${BECAUSE}; the ${format.toUpperCase()} says where data is; SMB 3.1.1, signed with AES-128-GMAC`;
    assert.equal(result.transport, how);
    assert.equal(result.proof?.size, SIZE);
  });
}

test('a chain on a share is the disk that libvhdi reads', async () => {
  const names = ['top.avhdx', 'base.vhdx'] as const;
  const source = sharedSource(samba.port, { names, capacity: SIZE });
  const { transport } = await copy(jobTo(place.path('chain.raw'), source), { access: accessTo(samba) });
  assert.match(transport, /2 VHDX files say where data is/);
  const judged = await readByLibvhdi(place.path('judged.raw'), names.map(place.path));
  assert.ok(judged.equals(later));
  await assertSameBytes(place.path('chain.raw'), place.path('judged.raw'));
});

test('a chain of mounted files is read as one on a share, without a login', async () => {
  const layers = ['top.avhdx', 'base.vhdx'].map((name) => {
    return { format: 'vhdx', file: { kind: 'mounted', path: place.path(name) } } as const;
  });
  const [top, ...parents] = layers;
  assert.ok(top !== undefined);
  const source = { kind: 'shared-image', layers: [top, ...parents], capacity: SIZE, because: 'it is mounted' } as const;
  const { transport } = await copy(jobTo(place.path('mounted.raw'), source));
  assert.equal(transport, 'file: it is mounted; 2 VHDX files say where data is');
  await writeFile(place.path('later.raw'), later);
  await assertSameBytes(place.path('mounted.raw'), place.path('later.raw'));
});

test('only blocks that the VHDX holds are read', async () => {
  const capacity = 64 * MiB;
  const disk = Buffer.alloc(capacity);
  for (const block of [0, 7, 8, 63]) disk.fill(block + 1, block * MiB, block * MiB + 4096);
  await writeVhdx(place.path('thin.vhdx'), { capacity, blockSize: MiB, blocks: blocksOf(disk, MiB) });
  const source = sharedSource(samba.port, { names: ['thin.vhdx'], capacity });
  const { allocated, moved } = await copy(jobTo(place.path('thin.raw'), source), { access: accessTo(samba) });
  assert.deepEqual([allocated, moved], [4 * MiB, 4 * MiB]);
});

for (const [what, options, protection] of [
  ['3.0', { dialects: { most: 'SMB3_00' } }, 'SMB 3.0, signed with AES-128-CMAC'],
  ['3.0.2', { dialects: { most: 'SMB3_02' } }, 'SMB 3.0.2, signed with AES-128-CMAC'],
  ['3.0.2 that demands seals', { dialects: { most: 'SMB3_02' }, encryption: 'required' }, 'SMB 3.0.2, sealed with AES-128-CCM'],
  ['3.1.1 without GMAC', { signing: ['aes-128-cmac'] }, 'SMB 3.1.1, sealed with AES-128-GCM'],
  ['3.1.1 without GMAC and GCM', { signing: ['aes-128-cmac'], ciphers: ['aes-128-ccm'] }, 'SMB 3.1.1, signed with AES-128-CMAC'],
  ['3.1.1 that cannot encrypt', { signing: ['aes-128-cmac'], encryption: 'off' }, 'SMB 3.1.1, signed with AES-128-CMAC'],
  ['3.1.1 that demands seals', { encryption: 'required' }, 'SMB 3.1.1, sealed with AES-128-GCM'],
  ['3.1.1 with longer keys', { encryption: 'required', ciphers: ['aes-256-gcm'] }, 'SMB 3.1.1, sealed with AES-256-GCM'],
  ['3.1.1 with CCM and longer keys', { encryption: 'required', ciphers: ['aes-256-ccm'] }, 'SMB 3.1.1, sealed with AES-256-CCM'],
  ['3.1.1 with a credit at a time', { credits: 1 }, 'SMB 3.1.1, signed with AES-128-GMAC'],
  ['3.1.1 with reads of 64 KiB', { credits: 40, maxRead: 65_536 }, 'SMB 3.1.1, signed with AES-128-GMAC'],
] as readonly (readonly [string, Omit<SambaOptions, 'shares'>, string])[]) {
  test(`a disk is read from a server of SMB ${what}`, async () => {
    await using server = await startSamba({ shares: { [SHARE]: place.folder }, ...options });
    const source = sharedSource(server.port, { names: ['dynamic.vhdx'], capacity: SIZE });
    const target = place.path(`${server.port}.raw`);
    const { transport } = await copy(jobTo(target, source), { access: accessTo(server) });
    assert.ok(transport.endsWith(`; ${protection}`), transport);
    await assertSameBytes(target, place.path('disk.raw'));
  });
}

test('a share that demands seals is read sealed, where the session is only signed', async () => {
  const secret = { folder: place.folder, lines: ['server smb encrypt = required'] };
  await using server = await startSamba({ shares: { [SHARE]: secret } });
  const reader = await openOn(server, { names: ['dynamic.vhdx'], capacity: SIZE });
  const into = Buffer.alloc(MiB);
  await reader.read(MiB, into, live());
  assert.ok(into.equals(content.subarray(MiB, 2 * MiB)));
  await reader[Symbol.asyncDispose]();
});

test('a look at a file says what it is and how it came', async () => {
  const options = { signal: live(), clock: hurriedClock };
  const found = await lookAtShared(smbFile(samba.port, 'dynamic.vhdx'), accessTo(samba), options);
  assert.match(
    found,
    /^\\\\127\.0\.0\.1:\d+\\vms\\dynamic\.vhdx is a VHDX of [\d.]+ MiB; SMB 3\.1\.1, signed with AES-128-GMAC$/,
  );
});
