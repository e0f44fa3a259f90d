/** Packages in a folder: files, chunks, compression, digests, and what is refused. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileProvider } from '../../../../providers/file/index.ts';
import type { DiskSource, FileDigest } from '../../../../src/model/transfer.ts';
import {
  diskItem,
  envelope,
  failsWith,
  MIB,
  makeVmdk,
  manifestLine,
  readSource,
  signal,
  system,
  temporaryFolder,
} from '../package-fixture.ts';

let vmdk: Buffer;
before(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kubeferry-package-'));
  vmdk = makeVmdk(folder, 'disk.vmdk');
  rmSync(folder, { recursive: true });
});

/** Writes files into a fresh folder and gives the path of `guest.ovf` in it. */
function pack(t: TestContext, files: Readonly<Record<string, Buffer | string>>): string {
  const folder = temporaryFolder(t);
  for (const [name, data] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), data);
  }
  return path.join(folder, 'guest.ovf');
}

async function openFirst(source: string): Promise<DiskSource> {
  await using connection = await fileProvider.connect(source, { signal });
  for await (const vm of connection.vms(signal)) {
    const [disk] = vm.disks;
    if (disk !== undefined) return await connection.openDisk(vm.ref, disk.key, signal);
  }
  throw new Error('no disk');
}

async function digestsOfFirst(source: string): Promise<readonly FileDigest[] | undefined> {
  const disk = await openFirst(source);
  assert.ok(disk.kind === 'image');
  return disk.digests;
}

describe('disks', () => {
  test('an image beside its descriptor is opened in place', async (t) => {
    const ovf = pack(t, { 'guest.ovf': envelope(), 'disk.vmdk': vmdk });
    const [vm] = await readSource(ovf);
    assert.equal(vm?.disks[0]?.capacity, 8 * MIB);
    assert.deepEqual(vm?.disks[0]?.format, { container: 'vmdk', variant: 'streamOptimized' });
    assert.deepEqual(vm?.packaging, { kind: 'ovf', descriptor: 'guest.ovf', ovfVersion: '1' });
    const source = await openFirst(ovf);
    assert.equal(source.kind, 'image');
    assert.deepEqual(source.kind === 'image' && source.layers[0].slices, [
      { path: path.join(path.dirname(ovf), 'disk.vmdk'), offset: 0, length: vmdk.length },
    ]);
  });

  test('a disk without a file is blank', async (t) => {
    const ovf = pack(t, {
      'guest.ovf': envelope({
        files: '',
        disks: '<Disk ovf:diskId="d1" ovf:capacity="3" ovf:capacityAllocationUnits="byte * 2^30"/>',
      }),
    });
    assert.deepEqual(await openFirst(ovf), { kind: 'blank', capacity: 3 * 2 ** 30 });
    assert.deepEqual((await readSource(ovf))[0]?.disks[0]?.format, { container: 'raw', variant: 'blank' });
  });

  test('a larger declared capacity is a fact; the disk keeps the size of its image', async (t) => {
    const ovf = pack(t, {
      'guest.ovf': envelope({
        disks: '<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="99" ovf:capacityAllocationUnits="byte * 2^20"/>',
      }),
      'disk.vmdk': vmdk,
    });
    const [vm] = await readSource(ovf);
    assert.equal(vm?.disks[0]?.capacity, 8 * MIB);
    assert.match(
      vm?.extras.find(({ path: where }) => where === 'disk[scsi0:0]/ovf:capacity')?.value ?? '',
      /103809024 bytes declared/,
    );
  });

  test('a smaller declared capacity is refused with VM and disk', async (t) => {
    const ovf = pack(t, {
      'guest.ovf': envelope({
        disks: '<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="7" ovf:capacityAllocationUnits="byte * 2^20"/>',
      }),
      'disk.vmdk': vmdk,
    });
    await assert.rejects(readSource(ovf), (error) => {
      failsWith('capacity-smaller-than-image')(error);
      const { place } = error as { place: { vm?: string; disk?: string; at?: string } };
      assert.equal(place.vm, 'vm1');
      assert.equal(place.disk, 'Hard disk 1');
      assert.match(place.at ?? '', /^line \d+, column \d+$/);
      return true;
    });
  });

  test('a missing disk file is refused; a missing file that no disk needs is not', async (t) => {
    await assert.rejects(readSource(pack(t, { 'guest.ovf': envelope() })), failsWith('package-file-missing', /disk\.vmdk/));
    const files = '<File ovf:id="f1" ovf:href="disk.vmdk"/><File ovf:id="f2" ovf:href="tools.iso"/>';
    assert.equal((await readSource(pack(t, { 'guest.ovf': envelope({ files }), 'disk.vmdk': vmdk }))).length, 1);
  });

  test('a wrong ovf:size is a fact', async (t) => {
    const ovf = pack(t, {
      'guest.ovf': envelope({ files: '<File ovf:id="f1" ovf:href="disk.vmdk" ovf:size="5"/>' }),
      'disk.vmdk': vmdk,
    });
    assert.deepEqual((await readSource(ovf))[0]?.packaging?.sizeMismatches, [
      { file: 'disk.vmdk', declared: 5, actual: vmdk.length },
    ]);
  });

  test('a disk in chunks is the chunks one after the other', async (t) => {
    const files = `<File ovf:id="f1" ovf:href="disk.vmdk" ovf:size="${vmdk.length}" ovf:chunkSize="20000"/>`;
    const chunks: Record<string, Buffer> = {};
    for (let offset = 0; offset < vmdk.length; offset += 20_000) {
      chunks[`disk.vmdk.${String(offset / 20_000).padStart(9, '0')}`] = vmdk.subarray(offset, offset + 20_000);
    }
    assert.ok(Object.keys(chunks).length > 2);
    const source = await openFirst(pack(t, { 'guest.ovf': envelope({ files }), ...chunks }));
    assert.equal(source.kind === 'image' && source.layers[0].slices.length, Object.keys(chunks).length);
    const { 'disk.vmdk.000000001': gap, ...others } = chunks;
    assert.ok(gap !== undefined);
    await assert.rejects(
      readSource(pack(t, { 'guest.ovf': envelope({ files }), ...others })),
      failsWith('package-file-missing', /chunk 1/),
    );
    const short = { ...chunks, 'disk.vmdk.000000001': gap.subarray(1) };
    await assert.rejects(
      readSource(pack(t, { 'guest.ovf': envelope({ files }), ...short })),
      failsWith('ovf-malformed', /Chunk 1/),
    );
  });

  test('a disk compressed with gzip is known by its head', async (t) => {
    const raw = Buffer.alloc(8 * MIB);
    raw.write('\x55\xaa', 510, 'latin1');
    const files = '<File ovf:id="f1" ovf:href="disk.img" ovf:compression="gzip"/>';
    const [vm] = await readSource(pack(t, { 'guest.ovf': envelope({ files }), 'disk.img': gzipSync(raw) }));
    assert.equal(vm?.disks[0]?.capacity, 8 * MIB);
    assert.equal(vm?.disks[0]?.format.container, 'raw');
    const other = '<File ovf:id="f1" ovf:href="disk.img" ovf:compression="bzip2"/>';
    await assert.rejects(
      readSource(pack(t, { 'guest.ovf': envelope({ files: other }), 'disk.img': raw })),
      failsWith('ovf-malformed', /bzip2/),
    );
    await assert.rejects(readSource(pack(t, { 'guest.ovf': envelope({ files }), 'disk.img': raw })), failsWith('gzip-malformed'));
  });

  test('a gzip member that inflates past its declared size is refused', async (t) => {
    const files = '<File ovf:id="f1" ovf:href="disk.img" ovf:compression="gzip"/>';
    const disks = '<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="4096"/>';
    const ovf = pack(t, { 'guest.ovf': envelope({ files, disks }), 'disk.img': gzipSync(Buffer.alloc(3 * MIB)) });
    await assert.rejects(readSource(ovf), failsWith('gzip-oversized'));
  });

  test('a parent that the descriptor names becomes the layer below', async (t) => {
    const files = '<File ovf:id="f1" ovf:href="disk.vmdk"/><File ovf:id="f0" ovf:href="base.vmdk"/>';
    const capacity = 'ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20"';
    const disks = `<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:parentRef="d0" ${capacity}/><Disk ovf:diskId="d0" ovf:fileRef="f0" ${capacity}/>`;
    const ovf = pack(t, { 'guest.ovf': envelope({ files, disks }), 'disk.vmdk': vmdk, 'base.vmdk': vmdk });
    const [vm] = await readSource(ovf);
    assert.deepEqual(vm?.disks[0]?.parents, ['base.vmdk']);
    const source = await openFirst(ovf);
    assert.deepEqual(source.kind === 'image' && source.layers.map(({ slices }) => path.basename(slices[0]?.path ?? '')), [
      'disk.vmdk',
      'base.vmdk',
    ]);
  });

  test('a disk that two systems use is shared, and one that none uses is said to be unused', async (t) => {
    const disks =
      '<Disk ovf:diskId="d1" ovf:capacity="5"/><Disk ovf:diskId="d2" ovf:capacity="5"/><Disk ovf:diskId="d3" ovf:capacity="5"/>';
    const systems = system('a', diskItem('d1')) + system('b', diskItem('d1') + diskItem('d2', 1));
    const vms = await readSource(pack(t, { 'guest.ovf': envelope({ files: '', disks, systems }) }));
    assert.deepEqual(
      vms.map((vm) => vm.disks.map((disk) => disk.shared)),
      [[true], [true, undefined]],
    );
    assert.deepEqual(
      vms[0]?.extras.filter(({ path: where }) => where.startsWith('ovf:Disk')).map(({ path: where }) => where),
      ['ovf:Disk[d3]'],
    );
  });
});

describe('references', () => {
  const UNSAFE = [
    '../disk.vmdk',
    'a/../../disk.vmdk',
    '/etc/passwd',
    'http://host/disk.vmdk',
    'https://host/d',
    'file:///etc/passwd',
    '%2e%2e/disk.vmdk',
    '..%2Fdisk.vmdk',
    '%2Fetc%2Fpasswd',
    '..\\disk.vmdk',
    'C:\\disk.vmdk',
    'nbd:host:10809',
    'disk.vmdk%00',
    '.',
  ];
  for (const href of UNSAFE) {
    test(`${href} is refused`, async (t) => {
      const files = `<File ovf:id="f1" ovf:href="${href}"/>`;
      await assert.rejects(
        readSource(pack(t, { 'guest.ovf': envelope({ files }), 'disk.vmdk': vmdk })),
        failsWith('href-unsafe'),
      );
    });
  }

  test('a link out of the folder is refused, one inside it is followed', async (t) => {
    const ovf = pack(t, { 'guest.ovf': envelope(), 'other.vmdk': vmdk });
    symlinkSync('other.vmdk', path.join(path.dirname(ovf), 'disk.vmdk'));
    assert.equal((await readSource(ovf)).length, 1);
    const outside = pack(t, { 'disk.vmdk': vmdk });
    const second = pack(t, { 'guest.ovf': envelope() });
    symlinkSync(path.join(path.dirname(outside), 'disk.vmdk'), path.join(path.dirname(second), 'disk.vmdk'));
    await assert.rejects(readSource(second), failsWith('href-unsafe'));
  });

  test('a folder in place of the disk is refused', async (t) => {
    await assert.rejects(readSource(pack(t, { 'guest.ovf': envelope(), 'disk.vmdk/x': 'y' })), failsWith('href-unsafe'));
  });

  for (const [href, file] of [
    ['my%20disk.vmdk', 'my disk.vmdk'],
    ['my%20disk.vmdk', 'my%20disk.vmdk'],
    ['50%.vmdk', '50%.vmdk'],
    ['./sub/disk.vmdk', 'sub/disk.vmdk'],
  ]) {
    test(`${href} finds ${file}`, async (t) => {
      const files = `<File ovf:id="f1" ovf:href="${href}"/>`;
      assert.equal((await readSource(pack(t, { 'guest.ovf': envelope({ files }), [`${file}`]: vmdk }))).length, 1);
    });
  }
});

describe('manifests', () => {
  for (const algorithm of ['SHA1', 'SHA256', 'SHA512'] as const) {
    test(`${algorithm} digests go with the disk when it is opened`, async (t) => {
      const ovf = pack(t, {
        'guest.ovf': envelope(),
        'disk.vmdk': vmdk,
        'guest.mf': manifestLine(algorithm, 'guest.ovf', envelope()) + manifestLine(algorithm, 'disk.vmdk', vmdk),
        'guest.cert': 'x',
      });
      assert.deepEqual((await readSource(ovf))[0]?.packaging, {
        kind: 'ovf',
        descriptor: 'guest.ovf',
        ovfVersion: '1',
        manifest: algorithm,
        certificate: true,
      });
      const slice = { path: path.join(path.dirname(ovf), 'disk.vmdk'), offset: 0, length: vmdk.length };
      const hex = createHash(algorithm).update(vmdk).digest('hex');
      assert.deepEqual(await digestsOfFirst(ovf), [{ name: 'disk.vmdk', slice, algorithm, hex }]);
    });
  }

  test('a descriptor that differs from its digest is refused at once', async (t) => {
    const ovf = pack(t, {
      'guest.ovf': `${envelope()}\n`,
      'disk.vmdk': vmdk,
      'guest.mf': manifestLine('SHA256', 'guest.ovf', envelope()),
    });
    await assert.rejects(readSource(ovf), failsWith('package-digest-mismatch', /guest\.ovf/));
  });

  test('files that the manifest does not list are a fact', async (t) => {
    const ovf = pack(t, { 'guest.ovf': envelope(), 'disk.vmdk': vmdk, 'guest.mf': '\r\n' });
    assert.deepEqual((await readSource(ovf))[0]?.packaging?.unlisted, ['guest.ovf', 'disk.vmdk']);
  });

  test('a file that the manifest does not list has no digest', async (t) => {
    const ovf = pack(t, { 'guest.ovf': envelope(), 'disk.vmdk': vmdk, 'guest.mf': manifestLine('SHA1', 'other', 'x') });
    assert.equal(await digestsOfFirst(ovf), undefined);
  });

  test('extents of an image have theirs too', async (t) => {
    const folder = temporaryFolder(t);
    const raw = path.join(folder, 'raw');
    writeFileSync(raw, 'x');
    truncateSync(raw, 8 * MIB);
    execFileSync('qemu-img', [
      'convert',
      '-O',
      'vmdk',
      '-o',
      'subformat=monolithicFlat',
      '-f',
      'raw',
      raw,
      path.join(folder, 'disk.vmdk'),
    ]);
    writeFileSync(path.join(folder, 'guest.ovf'), envelope());
    writeFileSync(path.join(folder, 'guest.mf'), manifestLine('SHA256', 'disk-flat.vmdk', 'something else'));
    const [digest, ...others] = (await digestsOfFirst(path.join(folder, 'guest.ovf'))) ?? [];
    assert.deepEqual(others, []);
    assert.deepEqual([digest?.name, digest?.slice.length], ['disk-flat.vmdk', 8 * MIB]);
  });

  for (const line of [
    'rubbish',
    'MD5(a)= 00112233445566778899aabbccddeeff',
    'SHA256(a)= 1234',
    'SHA1(a)=',
    'SHA256= 00',
    `SHA1(a)= ${'0'.repeat(40)}\nSHA1(a)= ${'1'.repeat(40)}`,
  ]) {
    test(`the line ${JSON.stringify(line.slice(0, 50))} is refused`, async (t) => {
      const ovf = pack(t, { 'guest.ovf': envelope(), 'disk.vmdk': vmdk, 'guest.mf': line });
      await assert.rejects(readSource(ovf), failsWith('package-manifest-malformed', /^Line \d/));
    });
  }
});

describe('descriptors', () => {
  test('UTF-8 and UTF-16 with a byte order mark, and Latin-1 as declared, are read', async (t) => {
    const text = envelope({ systems: system('ü', '', 'Überwachung') });
    const latin = Buffer.from(text.replace('UTF-8', 'ISO-8859-1'), 'latin1');
    const swapped = Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();
    for (const bytes of [Buffer.from(`\uFEFF${text}`), Buffer.from(`\uFEFF${text}`, 'utf16le'), swapped, latin]) {
      assert.equal((await readSource(pack(t, { 'guest.ovf': bytes })))[0]?.name, 'Überwachung');
    }
  });

  test('bytes that are no text of the encoding are refused', async (t) => {
    await assert.rejects(
      readSource(pack(t, { 'guest.ovf': Buffer.concat([Buffer.from(envelope()), Buffer.from([0xff, 0xfe, 0xc3])]) })),
      failsWith('descriptor-encoding'),
    );
  });

  test('over 10 MiB are refused without being read', async (t) => {
    const ovf = pack(t, { 'guest.ovf': '<Envelope>' });
    truncateSync(ovf, 10 * MIB + 1);
    await assert.rejects(readSource(ovf), failsWith('descriptor-too-large'));
  });

  test('an unknown deployment configuration is refused with the choice there is', async (t) => {
    const sections =
      '<DeploymentOptionSection><Info/><Configuration ovf:id="s"/><Configuration ovf:id="m" ovf:default="true"/></DeploymentOptionSection>';
    const ovf = pack(t, { 'guest.ovf': envelope({ sections }), 'disk.vmdk': vmdk });
    await assert.rejects(readSource(ovf, 'xxl'), failsWith('ovf-config-unknown', /s, m/));
    assert.deepEqual((await readSource(ovf))[0]?.packaging?.configuration, { chosen: 'm', available: ['s', 'm'] });
    assert.deepEqual((await readSource(ovf, 's'))[0]?.packaging?.configuration?.chosen, 's');
    await assert.rejects(
      readSource(pack(t, { 'guest.ovf': envelope(), 'disk.vmdk': vmdk }), 's'),
      failsWith('ovf-config-unknown', /none/),
    );
  });

  test('an OVF is known by its content, whatever its name', async (t) => {
    const ovf = pack(t, { 'guest.ovf': envelope(), 'disk.vmdk': vmdk });
    renameSync(ovf, `${ovf}.txt`);
    assert.equal((await readSource(`${ovf}.txt`)).length, 1);
  });
});
