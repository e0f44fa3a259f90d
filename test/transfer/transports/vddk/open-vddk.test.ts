/** The vddk transport through a real nbdkit with its real plugin, and a library of our own in place of VMware's. */
import assert from 'node:assert/strict';
import { open as openFile, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, test } from 'node:test';
import type { SourceAccess } from '../../../../src/contracts/source-access.ts';
import type { VddkSource } from '../../../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../../../src/transfer/local-copier.ts';
import type { DiskReader } from '../../../../src/transfer/transports/reader.ts';
import { type OpenVddkOptions, openVddk } from '../../../../src/transfer/transports/vddk/open-vddk.ts';
import { probeVddk } from '../../../../src/transfer/transports/vddk/probe.ts';
import { openWorkspace } from '../../../../src/transfer/workspace.ts';
import { describeDiskReader, scatteredDisk } from '../../../conformance/disk-reader.ts';
import { nbdkitFolder, type StubVddk, stubVddk, type VddkFault } from '../../../peers/vddk.ts';
import { clock, fails, jobTo, MiB, rawDisk, scratch } from '../../fixture.ts';

const PASSWORD = 'only-for-the-library+1';
const EXPECTED = {
  server: 'vcenter.example',
  thumbprint: '01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67',
  user: 'administrator@vsphere.local',
  password: PASSWORD,
  vm: 'vm-42',
  snapshot: 'snapshot-7',
  file: '[fast store] web/web.vmdk',
};
const SIZE = 12 * MiB + 512;
const SOURCE: VddkSource = {
  kind: 'vddk',
  server: EXPECTED.server,
  port: 8443,
  thumbprint: EXPECTED.thumbprint,
  vm: EXPECTED.vm,
  snapshot: EXPECTED.snapshot,
  file: EXPECTED.file,
  capacity: SIZE,
  because: 'the test wants it',
};

before(async () => {
  process.env['PATH'] = `${await nbdkitFolder()}${path.delimiter}${process.env['PATH']}`;
});

function accessWith(user = EXPECTED.user, password = PASSWORD): SourceAccess {
  return { headers: async () => ({}), trust: () => ({}), credentials: async () => ({ user, password }) };
}

interface Opened extends AsyncDisposable {
  readonly reader: DiskReader;
}

interface Attempt extends Partial<OpenVddkOptions> {
  readonly source?: VddkSource;
  readonly access?: SourceAccess;
}

/** Opens a disk in a workspace that ends with it. */
async function open(stub: StubVddk, { source = SOURCE, access = accessWith(), ...more }: Attempt = {}): Promise<Opened> {
  const workspace = await openWorkspace();
  const { signal } = new AbortController();
  try {
    const pauses = Array.from({ length: 40 }, () => 1);
    const reader = await openVddk(source, access, {
      libraryFolder: stub.folder,
      workspace,
      name: 'disk',
      signal,
      pauses,
      ...more,
    });
    return {
      reader,
      [Symbol.asyncDispose]: async () => {
        await reader[Symbol.asyncDispose]();
        await workspace[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await workspace[Symbol.asyncDispose]();
    throw error;
  }
}

async function stubWithDisk(): Promise<StubVddk> {
  const stub = await stubVddk(EXPECTED);
  await rawDisk(stub.disk, SIZE, [
    { offset: 0, length: 64 * 1024 },
    { offset: 3 * MiB, length: 2 * MiB + 4096 },
    { offset: SIZE - 512, length: 512 },
  ]);
  return stub;
}

describeDiskReader('The VDDK reader', async (t) => {
  const stub = await stubVddk(EXPECTED);
  t.after(async () => await stub[Symbol.asyncDispose]());
  const { content, data } = scatteredDisk(SIZE);
  await rawDisk(stub.disk, SIZE, []);
  // Holes stay holes: the file system knows what is allocated.
  await using file = await openFile(stub.disk, 'r+');
  for (const { offset, length } of data) await file.write(content, offset, length, offset);
  const opened = await open(stub);
  t.after(async () => await opened[Symbol.asyncDispose]());
  return { reader: opened.reader, content };
});

test('the library is told where the disk is, the extents are right to its chunks, and the bytes are those of the disk', async () => {
  await using stub = await stubWithDisk();
  {
    await using opened = await open(stub, { transports: 'nbdssl:nbd' });
    const { reader } = opened;
    assert.deepEqual(await Array.fromAsync(reader.allocated(new AbortController().signal)), [
      { offset: 0, length: 64 * 1024 },
      { offset: 3 * MiB, length: 2 * MiB + 64 * 1024 },
      // What does not fill a chunk at the end cannot be asked for.
      { offset: SIZE - 512, length: 512 },
    ]);
    const whole = new Uint8Array(SIZE);
    await reader.read(0, whole, new AbortController().signal);
    assert.ok(Buffer.from(whole).equals(await readFile(stub.disk)));
  }
  const log = await stub.log();
  assert.match(log[0] ?? '', /^init \d+\.\d+ folder=.* config=.*disk\.vddk$/);
  assert.equal(
    log[1],
    `connect server=vcenter.example port=8443 thumbprint=${EXPECTED.thumbprint} user=${EXPECTED.user} password=right ` +
      'vm=moref=vm-42 snapshot=snapshot-7 transports=nbdssl:nbd read-only=1',
  );
  assert.match(log[2] ?? '', /^open \[fast store\] web\/web\.vmdk flags=4$/);
});

test('the password is in no command line, in no environment, in no file and in no log', async () => {
  await using stub = await stubWithDisk();
  const workspace = await openWorkspace();
  const { signal } = new AbortController();
  const reader = await openVddk(SOURCE, accessWith(), { libraryFolder: stub.folder, workspace, name: 'disk', signal });
  let seen = 0;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (line.includes(stub.folder)) seen += 1;
    assert.ok(!line.includes(PASSWORD), line);
    if (line.includes(stub.folder)) assert.ok(!(await readFile(`/proc/${pid}/environ`, 'latin1')).includes(PASSWORD));
  }
  assert.equal(seen, 1, 'one nbdkit serves this disk');
  for (const name of await readdir(workspace.folder)) {
    if (name.endsWith('.sock')) continue;
    assert.ok(!(await readFile(path.join(workspace.folder, name), 'latin1')).includes(PASSWORD), name);
  }
  await reader[Symbol.asyncDispose]();
  await workspace[Symbol.asyncDispose]();
  assert.ok(!(await stub.log()).join('\n').includes(PASSWORD));
});

/** What is wrong on the way to the disk, and what is said about it. */
const WRONG: Readonly<
  Record<string, { readonly attempt?: Attempt; readonly fault?: VddkFault; readonly code: string; readonly words: RegExp }>
> = {
  'a wrong password': {
    attempt: { access: accessWith(EXPECTED.user, 'wrong-one') },
    code: 'source-login-failed',
    words: /vcenter\.example refuses the login/,
  },
  'another certificate': {
    attempt: { source: { ...SOURCE, thumbprint: 'FF:FF' } },
    code: 'source-untrusted',
    words: /its SHA-1 is 01:23:45/,
  },
  'a closed port 902': { fault: 'port', code: 'source-unreachable', words: /esx7\.example:902/ },
  'a library of another time': { fault: 'version', code: 'disk-unreachable', words: /does not fit the version/ },
  'a locked disk': { fault: 'locked', code: 'source-busy', words: /locked/ },
  'a library that does not start': { fault: 'init', code: 'tool-missing', words: /does not start/ },
  'a library that crashes': { fault: 'crash', code: 'disk-unreachable', words: /VDDK/ },
  'a VM that is gone': { attempt: { source: { ...SOURCE, vm: 'vm-1' } }, code: 'disk-unreachable', words: /does not know/ },
  'a disk that is gone': {
    attempt: { source: { ...SOURCE, file: '[a] b.vmdk' } },
    code: 'disk-unreachable',
    words: /does not know/,
  },
  'a disk of another size': {
    attempt: { source: { ...SOURCE, capacity: SIZE + MiB } },
    code: 'source-changed',
    words: /12\.0\d? MiB now instead of 13/,
  },
  'a folder without a library': {
    attempt: { libraryFolder: '/usr/share' },
    code: 'tool-missing',
    words: /no libvixDiskLib\.so\.N in \/usr\/share/,
  },
};

for (const [what, { attempt = {}, fault, code, words }] of Object.entries(WRONG)) {
  test(`${what} is named, and the password is not`, async () => {
    await using stub = await stubWithDisk();
    await stub.fail(fault);
    const error = await fails(open(stub, attempt), code, words);
    assert.ok(!JSON.stringify([error.message, error.hint, String(error.cause)]).includes(PASSWORD));
  });
}

test('a library that is damaged, or too new for nbdkit, is named', async () => {
  await using stub = await stubWithDisk();
  const library = path.join(stub.folder, 'lib64/libvixDiskLib.so.8');
  await rename(library, path.join(stub.folder, 'lib64/libvixDiskLib.so.99'));
  await fails(open(stub), 'tool-missing', /libvixDiskLib\.so\.8 was not found/);
  await writeFile(library, 'no library');
  await fails(open(stub), 'disk-unreachable', /file too short|invalid ELF/);
});

test('a disk is copied through the library and proven', async () => {
  await using stub = await stubWithDisk();
  await using place = await scratch();
  const copier = new LocalDiskCopier({ clock, vddk: { libraryFolder: stub.folder } });
  const { signal } = new AbortController();
  const options = { signal, onProgress: () => undefined, access: accessWith() };
  const result = await copier.copy(jobTo(place.path('out.raw'), SOURCE), options);
  assert.ok((await readFile(place.path('out.raw'))).equals(await readFile(stub.disk)));
  assert.match(result.transport, /^vddk: /);
  assert.equal(result.proof?.size, SIZE);
  assert.ok(result.allocated < 3 * MiB, 'only what is allocated was read');
});

test('whether nbdkit can load a library is told without a login', async () => {
  await using stub = await stubWithDisk();
  const { signal } = new AbortController();
  assert.deepEqual(await probeVddk(stub.folder, signal), { folder: stub.folder, version: 8, transports: 'file:nbdssl:nbd' });
  assert.ok(!(await stub.log()).some((line) => line.startsWith('connect')));
  await writeFile(path.join(stub.folder, 'lib64/libvixDiskLib.so.8'), 'no library');
  await fails(probeVddk(stub.folder, signal), 'tool-missing', /cannot load/);
  await fails(probeVddk('/usr/share', signal), 'tool-missing', /no libvixDiskLib/);
});

test('nbdkit that is missing, or has no vddk plugin, is named with what to install', async (t) => {
  await using stub = await stubWithDisk();
  await using place = await scratch();
  const known = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = known;
  });
  process.env['PATH'] = place.folder;
  const missing = await fails(open(stub), 'tool-missing', /nbdkit is not installed/);
  assert.match(missing.hint, /apt-get install nbdkit/);
  // The same program, which is made to look for a plugin that nobody has.
  const real = path.join(await nbdkitFolder(), 'nbdkit');
  const renamed = 'for word do shift; test "$word" = vddk && word=vddk-of-nobody; set -- "$@" "$word"; done';
  await writeFile(place.path('nbdkit'), `#!/bin/sh\n${renamed}\nexec ${real} "$@"\n`, { mode: 0o755 });
  process.env['PATH'] = `${place.folder}${path.delimiter}/usr/bin${path.delimiter}/bin`;
  const plugin = await fails(open(stub), 'tool-missing', /without its vddk plugin/);
  assert.match(plugin.hint, /nbdkit-plugin-vddk/);
});

test('connections that are lost are made anew, and a disk that cannot be read is an error in the end', async () => {
  await using stub = await stubWithDisk();
  await stub.fail('lost');
  {
    await using opened = await open(stub);
    const whole = new Uint8Array(SIZE);
    const pieces = Array.from({ length: 12 }, (_, at) =>
      opened.reader.read(at * MiB, whole.subarray(at * MiB, (at + 1) * MiB), AbortSignal.timeout(20_000)),
    );
    await Promise.all(pieces);
    assert.ok(Buffer.from(whole.subarray(0, 12 * MiB)).equals((await readFile(stub.disk)).subarray(0, 12 * MiB)));
    assert.ok((await stub.log()).filter((line) => line.startsWith('connect')).length > 3);
  }
  await stub.fail('die');
  {
    await using opened = await open(stub);
    const whole = opened.reader.read(0, new Uint8Array(SIZE), AbortSignal.timeout(20_000));
    await fails(whole, 'source-read-failed', /nbdkit ended while the disk was read/);
  }
  await stub.fail('unreadable');
  await using opened = await open(stub, { pauses: [1, 1] });
  await fails(opened.reader.read(0, new Uint8Array(512), new AbortController().signal), 'source-read-failed', /byte 0/);
});
