/** Archives: members in any order, read where they are. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileProvider } from '../../../../providers/file/index.ts';
import { envelope, failsWith, MIB, makeVmdk, manifestLine, readSource, signal, temporaryFolder } from '../package-fixture.ts';
import { buildTar, type TarMember, type TarOptions } from './tar-builder.ts';

let vmdk: Buffer;
before(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kubeferry-package-'));
  vmdk = makeVmdk(folder, 'disk.vmdk');
  rmSync(folder, { recursive: true });
});

function pack(t: TestContext, members: readonly TarMember[], options?: TarOptions): string {
  const file = path.join(temporaryFolder(t), 'guest.ova');
  writeFileSync(file, buildTar(members, options));
  return file;
}

test('a disk is opened at its offset in the archive, and nothing is unpacked', async (t) => {
  const ova = pack(t, [
    { name: 'guest.ovf', data: envelope() },
    { name: 'disk.vmdk', data: vmdk },
  ]);
  await using connection = await fileProvider.connect(ova, { signal });
  const [vm] = await Array.fromAsync(connection.vms(signal));
  assert.ok(vm !== undefined);
  assert.deepEqual(vm.packaging, { kind: 'ova', descriptor: 'guest.ovf', ovfVersion: '1' });
  const source = await connection.openDisk(vm.ref, 'scsi0:0', signal);
  assert.equal(source.kind, 'image');
  const slice = source.kind === 'image' ? source.layers[0].slices[0] : undefined;
  assert.equal(slice?.path, ova);
  assert.deepEqual(readFileSync(ova).subarray(slice.offset, slice.offset + slice.length), vmdk);
  assert.deepEqual(readdirSync(path.dirname(ova)), ['guest.ova']);
});

for (const flavour of ['ustar', 'pax', 'gnu'] as const) {
  test(`members come in any order in a ${flavour} archive, long names included`, async (t) => {
    // ustar alone has no way to write a name of over 100 bytes without a folder in it.
    const long = `${'long-'.repeat(flavour === 'ustar' ? 10 : 30)}disk.vmdk`;
    const text = envelope({ files: `<File ovf:id="f1" ovf:href="${long}"/>` });
    const mf = manifestLine('SHA256', long, vmdk) + manifestLine('SHA256', 'guest.ovf', text);
    const members = [
      { name: long, data: vmdk },
      { name: 'guest.cert', data: 'x' },
      { name: 'guest.mf', data: mf },
      { name: 'guest.ovf', data: text },
    ];
    const [vm] = await readSource(pack(t, members, { flavour }));
    assert.equal(vm?.disks[0]?.capacity, 8 * MIB);
    assert.deepEqual(vm?.packaging, {
      kind: 'ova',
      descriptor: 'guest.ovf',
      ovfVersion: '1',
      manifest: 'SHA256',
      certificate: true,
    });
  });
}

test('a package inside a folder of the archive is one', async (t) => {
  const ova = pack(t, [
    { name: 'export/', type: '5' },
    { name: 'export/guest.ovf', data: envelope() },
    { name: 'export/disk.vmdk', data: vmdk },
  ]);
  assert.equal((await readSource(ova)).length, 1);
});

test('members that the manifest does not list are a fact', async (t) => {
  const mf = manifestLine('SHA1', 'guest.ovf', envelope());
  const ova = pack(t, [
    { name: 'guest.ovf', data: envelope() },
    { name: 'disk.vmdk', data: vmdk },
    { name: 'note.txt' },
    { name: 'guest.mf', data: mf },
  ]);
  assert.deepEqual((await readSource(ova))[0]?.packaging?.unlisted, ['guest.ovf', 'disk.vmdk', 'note.txt'].slice(1));
});

test('a disk is opened with what the manifest promises about its place in the archive', async (t) => {
  const ova = pack(t, [
    { name: 'guest.ovf', data: envelope() },
    { name: 'guest.mf', data: manifestLine('SHA256', 'disk.vmdk', vmdk) },
    { name: 'disk.vmdk', data: vmdk },
  ]);
  await using connection = await fileProvider.connect(ova, { signal });
  const [vm] = await Array.fromAsync(connection.vms(signal));
  assert.ok(vm !== undefined);
  const source = await connection.openDisk(vm.ref, 'scsi0:0', signal);
  assert.ok(source.kind === 'image');
  const [{ slices }] = source.layers;
  const hex = createHash('sha256').update(vmdk).digest('hex');
  assert.deepEqual(source.digests, [{ name: 'disk.vmdk', slice: slices[0], algorithm: 'SHA256', hex }]);
});

test('an archive without a descriptor, or with two, is refused', async (t) => {
  await assert.rejects(readSource(pack(t, [{ name: 'disk.vmdk', data: vmdk }])), failsWith('package-no-descriptor'));
  const two = [
    { name: 'a.ovf', data: envelope() },
    { name: 'b.ovf', data: envelope() },
  ];
  await assert.rejects(readSource(pack(t, two)), failsWith('package-no-descriptor', /2 \.ovf/));
});

test('a disk that is not in the archive is not looked for outside it', async (t) => {
  const ova = pack(t, [{ name: 'guest.ovf', data: envelope() }]);
  writeFileSync(path.join(path.dirname(ova), 'disk.vmdk'), vmdk);
  await assert.rejects(readSource(ova), failsWith('package-file-missing'));
});

test('a broken descriptor is reported with archive, member and line', async (t) => {
  await assert.rejects(readSource(pack(t, [{ name: 'guest.ovf', data: '<Envelope>\n<' }])), (error) => {
    failsWith('xml-malformed')(error);
    const { place } = error as { place: { file?: string; at?: string } };
    assert.match(place.file ?? '', /guest\.ova$/);
    assert.match(place.at ?? '', /^member guest\.ovf, line 2, column \d+$/);
    return true;
  });
});

test('an archive cut off anywhere is truncated or lacks a part, and never gives a VM without its disk', async (t) => {
  const whole = buildTar(
    [
      { name: 'guest.ovf', data: envelope() },
      { name: 'disk.vmdk', data: vmdk },
    ],
    { endBlocks: 0 },
  );
  const file = path.join(temporaryFolder(t), 'guest.ova');
  for (let length = whole.length - 600; length > 512; length -= 1777) {
    writeFileSync(file, whole.subarray(0, length));
    await assert.rejects(readSource(file), (error) =>
      ['tar-truncated', 'package-file-missing'].includes((error as { code: string }).code),
    );
  }
});

test('an archive that is compressed as a whole, or is none, is refused', async (t) => {
  const ova = pack(t, []);
  writeFileSync(ova, gzipSync(buildTar([{ name: 'guest.ovf', data: envelope() }])));
  await assert.rejects(readSource(ova), failsWith('tar-malformed'));
  writeFileSync(ova, '');
  await assert.rejects(readSource(ova), failsWith('package-no-descriptor'));
});
