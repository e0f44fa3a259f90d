import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { parseVmdkDescriptor } from '../../../../providers/file/image/vmdk-descriptor.ts';
import { type Workshop, withCode, workshop } from './workshop.ts';

const SECTORS = 2048;

let shop: Workshop;
before(async () => {
  shop = await workshop();
  await shop.write('data-flat.vmdk', Buffer.alloc(SECTORS * 512, 5));
});
after(() => shop[Symbol.asyncDispose]());

interface Parts {
  readonly createType?: string;
  readonly extents: readonly string[];
  readonly more?: string;
}

function descriptor({ createType = 'monolithicFlat', extents, more = '' }: Parts): string {
  return `# Disk DescriptorFile\nversion=1\nCID=0a0b0c0d\nparentCID=ffffffff\ncreateType="${createType}"\n${extents.join('\n')}\n${more}`;
}

async function probeText(text: string | Buffer) {
  await shop.write('disk.vmdk', text);
  return await shop.probe('disk.vmdk');
}

test('every line of a descriptor is understood', () => {
  const text = descriptor({
    extents: ['RW 10 FLAT "a b-flat.vmdk" 20', '  RDONLY 30 SPARSE "c.vmdk"  ', 'RW 5 ZERO', 'RW 8 VMFS "d-flat.vmdk"'],
    more: 'changeTrackPath="x-ctk.vmdk"\r\nddb.adapterType = "lsilogic"\r\nddb.uuid = "60 00 C2 9a bc"\n\0\0junk',
  });
  const parsed = parseVmdkDescriptor(Buffer.from(text), 'x.vmdk');
  assert.deepEqual(parsed.extents, [
    { access: 'RW', sectors: 10, type: 'FLAT', file: 'a b-flat.vmdk', offset: 20 },
    { access: 'RDONLY', sectors: 30, type: 'SPARSE', file: 'c.vmdk' },
    { access: 'RW', sectors: 5, type: 'ZERO' },
    { access: 'RW', sectors: 8, type: 'VMFS', file: 'd-flat.vmdk' },
  ]);
  assert.equal(parsed.cid, '0a0b0c0d');
  assert.equal(parsed.parentCid, undefined);
  assert.equal(parsed.changeTrackFile, 'x-ctk.vmdk');
  assert.equal(parsed.values.get('ddb.adaptertype'), 'lsilogic');
});

test('a descriptor in the character set of its writer is decoded', () => {
  const text = Buffer.concat([
    Buffer.from('# Disk DescriptorFile\nencoding="GBK"\nparentFileNameHint="'),
    Buffer.from([0xd6, 0xd0]),
    Buffer.from('.vmdk"\n'),
  ]);
  assert.equal(parseVmdkDescriptor(text, 'x').parentName, '中.vmdk');
  assert.throws(
    () => parseVmdkDescriptor(Buffer.from('# Disk DescriptorFile\nencoding="no-such"\n'), 'x'),
    withCode('descriptor-encoding'),
  );
});

test('lines that a reader could take in two ways are errors', async () => {
  for (const [line, at] of [
    ['RW x FLAT "a" 0', /line 6/],
    ['RW 10 FLAT', /line 6/],
    ['RW -1 FLAT "a" 0', /line 6/],
    ['RW 0 FLAT "a" 0', /line 6/],
    ['hello world', /line 6/],
    ['createType="vmfs"', /createType/],
  ] as const) {
    await assert.rejects(probeText(descriptor({ extents: [line] })), { code: 'image-malformed', message: at }, line);
  }
  await assert.rejects(probeText(descriptor({ extents: [] })), withCode('image-malformed'), 'no extents');
});

test('a flat disk on ESXi is read through its descriptor', async () => {
  const probed = await probeText(
    descriptor({
      createType: 'vmfs',
      extents: [`RW ${SECTORS} VMFS "data-flat.vmdk"`],
      more: 'changeTrackPath="data-ctk.vmdk"\nddb.uuid = "60 00 C2 93 5c 6a 3d 11-22 33 44 55 66 77 88 99"\nddb.adapterType = "lsilogic"\n',
    }),
  );
  assert.equal(probed.capacity, SECTORS * 512);
  assert.deepEqual(probed.layers[0].extents, [shop.path('data-flat.vmdk')]);
  assert.equal(probed.changeTracking, true);
  assert.equal(probed.uuid, '6000c293-5c6a-3d11-2233-445566778899');
  assert.equal((await shop.info('disk.vmdk'))['virtual-size'], SECTORS * 512);
});

test('extents that leave the folder are unsafe, in every way to write it', async () => {
  await symlink('/etc', shop.path('away'));
  await mkdir(shop.path('dir.vmdk'));
  for (const name of [
    '../x.vmdk',
    '/etc/passwd',
    'C:\\x.vmdk',
    '\\\\host\\x',
    'a/../../x',
    'json:{}',
    'fat:x',
    'away/passwd',
    'dir.vmdk',
    'a\x1b[2J.vmdk',
  ]) {
    await assert.rejects(probeText(descriptor({ extents: [`RW 1 FLAT "${name}" 0`] })), withCode('image-extent-unsafe'), name);
  }
});

test('extents that are not there or too short are told apart', async () => {
  await assert.rejects(probeText(descriptor({ extents: ['RW 1 FLAT "gone.vmdk" 0'] })), withCode('image-extent-missing'));
  const beyond = descriptor({ extents: [`RW ${SECTORS} FLAT "data-flat.vmdk" 1`] });
  await assert.rejects(probeText(beyond), withCode('image-truncated'));
});

test('extents that qemu-img would leave out count', async () => {
  const path = shop.path('data-flat.vmdk');
  const extents = ['RW 8 FLAT "data-flat.vmdk" 0', 'RDONLY 8 FLAT "data-flat.vmdk" 16', 'RW 8 ZERO'];
  const probed = await probeText(descriptor({ createType: 'custom', extents }));
  assert.equal(probed.capacity, 3 * 4096);
  assert.equal(probed.unreadable, undefined);
  assert.deepEqual(probed.layers[0].extents, [path]);
});

test('extents that nobody can read are described', async () => {
  for (const line of ['NOACCESS 8 FLAT "data-flat.vmdk" 0', 'RW 8 NEWTYPE "data-flat.vmdk"']) {
    const probed = await probeText(descriptor({ extents: ['RW 8 FLAT "data-flat.vmdk" 0', line] }));
    assert.equal(probed.capacity, 8192);
    assert.equal(probed.unreadable?.code, 'image-unsupported', line);
  }
});

test('flat extents that are links of other names are read as slices', async () => {
  await symlink('data-flat.vmdk', shop.path('link-flat.vmdk'));
  const probed = await probeText(descriptor({ extents: ['RW 8 FLAT "link-flat.vmdk" 8'] }));
  assert.deepEqual(probed.layers, [
    { format: 'raw', slices: [{ path: shop.path('data-flat.vmdk'), offset: 4096, length: 4096 }] },
  ]);
});

test('raw device mappings and physical disks are described and cannot be read', async () => {
  for (const [createType, passthrough] of [
    ['vmfsRawDeviceMap', 'rdm-virtual'],
    ['vmfsPassthroughRawDeviceMap', 'rdm-physical'],
    ['fullDevice', 'physical-disk'],
    ['partitionedDevice', 'physical-disk'],
  ] as const) {
    const probed = await probeText(descriptor({ createType, extents: ['RW 4096 VMFSRDM "disk-rdm.vmdk"'] }));
    assert.equal(probed.passthrough, passthrough);
    assert.equal(probed.capacity, 2 * 1024 * 1024);
    assert.equal(probed.unreadable?.code, 'image-unsupported');
  }
});

test('an encrypted disk is described and cannot be read', async () => {
  const probed = await probeText(
    descriptor({ extents: [`RW ${SECTORS} FLAT "data-flat.vmdk" 0`], more: 'ddb.iofilters = "vmwarevmcrypt"\n' }),
  );
  assert.equal(probed.encrypted, true);
  assert.equal(probed.unreadable?.code, 'image-unsupported');
});

test('a disk over 64 TiB is too large', async () => {
  await assert.rejects(probeText(descriptor({ extents: ['RW 200000000000 ZERO'] })), withCode('image-too-large'));
});

test('a sparse extent of another size than its descriptor states is refused', async () => {
  await shop.qemu('create', '-q', '-f', 'vmdk', '-o', 'subformat=twoGbMaxExtentSparse', 'split.vmdk', '4M');
  const text = (await shop.read('split.vmdk')).toString();
  await assert.rejects(probeText(text.replace('RW 8192', 'RW 8191')), withCode('image-malformed'));
});

/** One grain of data at sector 128 in the format of an ESXi 5 snapshot delta. */
function cowdExtent(): Buffer {
  const image = Buffer.alloc(512 * 40 + 512 * 128);
  image.write('COWD');
  for (const [at, value] of [
    [4, 1],
    [8, 3],
    [12, SECTORS],
    [16, 1],
    [20, 4],
    [24, 1],
    [28, 41],
  ] as const) {
    image.writeUInt32LE(value, at);
  }
  image.writeUInt32LE(6, 4 * 512);
  image.writeUInt32LE(40, 6 * 512 + 128 * 4);
  image.fill(0xab, 40 * 512, 41 * 512);
  return image;
}

test('a COWD delta is measured and read, alone it is only a part of a disk', async () => {
  await shop.write('data-delta.vmdk', cowdExtent());
  const probed = await probeText(
    descriptor({ createType: 'vmfsSparse', extents: [`RW ${SECTORS} VMFSSPARSE "data-delta.vmdk"`] }),
  );
  assert.equal(probed.capacity, SECTORS * 512);
  assert.equal(probed.allocated, 512);
  assert.equal(probed.unreadable, undefined);
  await shop.qemu('convert', '-O', 'raw', 'disk.vmdk', 'cowd.raw');
  assert.equal((await shop.read('cowd.raw'))[128 * 512], 0xab);
  await assert.rejects(shop.probe('data-delta.vmdk'), withCode('image-unsupported'));
  await shop.write('data-delta.vmdk', cowdExtent().subarray(0, 40 * 512));
  await assert.rejects(shop.probe('disk.vmdk'), withCode('image-truncated'));
});

/** An empty seSparse delta: constant header, volatile header, one page of grain directory. */
function seSparseExtent(journal: boolean): Buffer {
  const image = Buffer.alloc(512 * 64);
  const put = (index: number, value: bigint) => image.writeBigUInt64LE(value, index * 8);
  put(0, 0xcafe_baben);
  put(1, 0x2_0000_0001n);
  put(2, BigInt(SECTORS));
  put(3, 8n);
  put(4, 64n);
  put(10, 1n);
  put(11, 1n);
  put(16, 8n);
  put(17, 8n);
  put(18, 16n);
  put(19, 8n);
  image.writeBigUInt64LE(0xcafe_cafen, 512);
  image.writeUInt8(journal ? 1 : 0, 512 + 24);
  return image;
}

test('a seSparse delta is read, but not one whose journal waits', async () => {
  await shop.write('data-sesparse.vmdk', seSparseExtent(false));
  const text = descriptor({ createType: 'seSparse', extents: [`RW ${SECTORS} SESPARSE "data-sesparse.vmdk"`] });
  assert.equal((await probeText(text)).unreadable, undefined);
  assert.equal((await shop.info('disk.vmdk'))['virtual-size'], SECTORS * 512);
  await shop.qemu('convert', '-O', 'raw', 'disk.vmdk', 'sesparse.raw');
  await shop.write('data-sesparse.vmdk', seSparseExtent(true));
  assert.equal((await probeText(text)).unreadable?.code, 'image-unsupported');
  await assert.rejects(shop.qemu('convert', '-O', 'raw', 'disk.vmdk', 'sesparse.raw'), 'qemu-img agrees');
});
