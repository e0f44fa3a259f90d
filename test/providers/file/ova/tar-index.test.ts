import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { indexTar } from '../../../../providers/file/ova/tar-index.ts';
import { failsWith, signal, temporaryFolder } from '../package-fixture.ts';
import { buildTar, memberBlocks, paxRecord, type TarMember, type TarOptions } from './tar-builder.ts';

type After = Parameters<typeof temporaryFolder>[0];

async function index(t: After, archive: Buffer) {
  const file = path.join(temporaryFolder(t), 'a.ova');
  writeFileSync(file, archive);
  return await indexTar({ path: file, offset: 0, length: archive.length }, signal);
}

async function build(t: After, members: readonly TarMember[], options?: TarOptions) {
  return await index(t, buildTar(members, options));
}

for (const flavour of ['ustar', 'pax', 'gnu', 'v7'] as const) {
  test(`members of a ${flavour} archive are found at their offsets`, async (t) => {
    const found = await build(
      t,
      [
        { name: 'a.ovf', data: 'x'.repeat(513) },
        { name: './b.vmdk', data: 'y' },
      ],
      { flavour },
    );
    assert.deepEqual(
      [...found].map(([name, { offset, length }]) => [name, offset, length]),
      [
        ['a.ovf', 512, 513],
        ['b.vmdk', 2048, 1],
      ],
    );
  });
}

for (const flavour of ['pax', 'gnu'] as const) {
  test(`a name of 300 bytes is read from a ${flavour} archive`, async (t) => {
    const name = `${'é'.repeat(148)}.ovf`;
    assert.deepEqual(
      [
        ...(
          await build(
            t,
            [
              { name, data: 'x' },
              { name: 'short', data: '' },
            ],
            { flavour },
          )
        ).keys(),
      ],
      [name, 'short'],
    );
  });
}

test('a ustar prefix is put before the name', async (t) => {
  assert.deepEqual([...(await build(t, [{ name: 'a.ovf', prefix: 'folder' }])).keys()], ['folder/a.ovf']);
});

test('a size in base 256 counts like an octal one', async (t) => {
  const found = await build(
    t,
    [
      { name: 'a', data: 'abc', mode: 'base256' },
      { name: 'b', data: 'd' },
    ],
    { flavour: 'gnu' },
  );
  assert.deepEqual(
    [...found.values()].map(({ length }) => length),
    [3, 1],
  );
});

test('a pax size replaces the one in the header', async (t) => {
  const data = Buffer.from('abc');
  const found = await build(t, [
    { name: 'x', type: 'x', data: paxRecord('size', '3') },
    { name: 'a', data, size: 0 },
    { name: 'b', data: 'de' },
  ]);
  assert.deepEqual(
    [...found].map(([name, { length }]) => [name, length]),
    [
      ['a', 3],
      ['b', 2],
    ],
  );
});

test('a global pax header speaks until the next member says otherwise', async (t) => {
  const found = await build(t, [
    { name: 'g', type: 'g', data: paxRecord('comment', 'hello') + paxRecord('size', '1') },
    { name: 'a', data: 'x', size: 0 },
    { name: 'x', type: 'x', data: paxRecord('size', '2') },
    { name: 'b', data: 'yy', size: 0 },
  ]);
  assert.deepEqual(
    [...found.values()].map(({ length }) => length),
    [1, 2],
  );
});

test('folders and the archive root are passed over', async (t) => {
  const found = await build(t, [
    { name: './', type: '5' },
    { name: 'sub/', type: '5' },
    { name: 'sub/a', data: 'x' },
  ]);
  assert.deepEqual([...found.keys()], ['sub/a']);
});

test('an archive without an end mark, or with anything after it, is read', async (t) => {
  assert.equal((await build(t, [{ name: 'a', data: 'x' }], { endBlocks: 0 })).size, 1);
  assert.equal((await build(t, [{ name: 'a', data: 'x' }], { endBlocks: 1 })).size, 1);
  assert.equal(
    (await index(t, Buffer.concat([buildTar([{ name: 'a', data: 'x' }]), Buffer.from('rubbish'.repeat(300))]))).size,
    1,
  );
});

test('the last member may lack its padding', async (t) => {
  assert.equal((await index(t, buildTar([{ name: 'a', data: 'xyz' }], { endBlocks: 0 }).subarray(0, 515))).size, 1);
});

test('a header after a lone zero block is refused, because tools disagree whether it is there', async (t) => {
  const archive = Buffer.concat([buildTar([{ name: 'a' }], { endBlocks: 1 }), ...memberBlocks({ name: 'b' })]);
  await assert.rejects(index(t, archive), failsWith('tar-malformed', /lone zero block/));
});

const UNSAFE: readonly (readonly [string, TarMember])[] = [
  ['a name with ..', { name: '../evil.vmdk' }],
  ['a name with .. in the middle', { name: 'a/../../evil' }],
  ['an absolute name', { name: '/etc/passwd' }],
  ['a name with a backslash', { name: '..\\evil' }],
  ['a drive letter', { name: 'C:evil' }],
  ['an absolute prefix', { name: 'passwd', prefix: '/etc' }],
  ['an absolute folder', { name: '/', type: '5' }],
  ['a hard link', { name: 'a', type: '1', link: 'b' }],
  ['a symbolic link', { name: 'a', type: '2', link: '/etc/passwd' }],
  ['a character device', { name: 'a', type: '3' }],
  ['a block device', { name: 'a', type: '4' }],
  ['a named pipe', { name: 'a', type: '6' }],
];

for (const [what, member] of UNSAFE) {
  test(`${what} is refused as unsafe`, async (t) => {
    await assert.rejects(build(t, [{ name: 'fine.ovf', data: 'x' }, member]), failsWith('tar-entry-unsafe'));
  });
}

test('an unsafe name in a pax record or a GNU long name is refused too', async (t) => {
  const pax = [{ name: 'x', type: 'x', data: paxRecord('path', '/etc/shadow') }, { name: 'a' }];
  await assert.rejects(build(t, pax), failsWith('tar-entry-unsafe'));
  await assert.rejects(build(t, [{ name: 'l', type: 'L', data: '../../a\0' }, { name: 'a' }]), failsWith('tar-entry-unsafe'));
});

const MALFORMED: readonly (readonly [string, readonly TarMember[]])[] = [
  ['a wrong checksum', [{ name: 'a', checksum: 1 }]],
  ['two members of one name', [{ name: 'a' }, { name: './a' }]],
  ['a GNU sparse member', [{ name: 'a', type: 'S' }]],
  ['a pax sparse member', [{ name: 'x', type: 'x', data: paxRecord('GNU.sparse.major', '1') }, { name: 'a' }]],
  ['a pax record without length', [{ name: 'x', type: 'x', data: 'path=abc\n' }, { name: 'a' }]],
  ['a pax record longer than its header', [{ name: 'x', type: 'x', data: '99 path=abc\n' }, { name: 'a' }]],
  ['a pax record of length zero', [{ name: 'x', type: 'x', data: '0 path=abc\n' }, { name: 'a' }]],
  ['a pax size that is no number', [{ name: 'x', type: 'x', data: paxRecord('size', '-1') }, { name: 'a' }]],
  ['an extended header over 1 MiB', [{ name: 'x', type: 'x', data: Buffer.alloc(1024 * 1024 + 1) }, { name: 'a' }]],
];

for (const [what, members] of MALFORMED) {
  test(`${what} is refused as malformed`, async (t) => {
    await assert.rejects(build(t, members), failsWith('tar-malformed'));
  });
}

test('a size beyond exact numbers is refused', async (t) => {
  const archive = buildTar([{ name: 'a', mode: 'base256', data: '' }]);
  archive.fill(0xff, 128, 136);
  archive.fill(' ', 148, 156);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  await assert.rejects(index(t, archive), failsWith('tar-malformed', /size/));
});

test('an archive that ends inside a member, or inside a header, is truncated', async (t) => {
  const archive = buildTar([{ name: 'a', data: 'x'.repeat(2000) }, { name: 'b' }]);
  await assert.rejects(index(t, archive.subarray(0, 1500)), failsWith('tar-truncated', /inside its member "a"/));
  await assert.rejects(index(t, archive.subarray(0, 512 + 2048 + 100)), failsWith('tar-truncated', /inside a header/));
});

test('more members than any exporter writes are refused', async (t) => {
  const members = Array.from({ length: 5001 }, (_, number) => ({ name: `m${number}` }));
  await assert.rejects(build(t, members), failsWith('tar-malformed', /more than/));
});
