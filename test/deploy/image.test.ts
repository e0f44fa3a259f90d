/** The image, built without a daemon: its root file system is entered as user 107, and the entry points do real work in it. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { buildGuest, GUEST_NAME } from '../demo/guest/build.ts';
import { guestDisk } from '../demo/guest/disk.ts';

const PROJECT = path.resolve(import.meta.dirname, '../..');
/** Always the same: the layer of Debian is made once and kept beside the other peers. */
const EPOCH = '1700000000';
const CACHE = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'kubeferry', 'image');
/** Bytes of all files; a third of that is pulled. */
const MOST_BYTES = 450 * 1024 * 1024;

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}
interface Image {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}
interface Config {
  readonly config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
}

let folder: string;
let root: string;
let image: Image;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-image-'));
  root = path.join(folder, 'root');
  await mkdir(root);
  await build(path.join(folder, 'image'));
  image = await blob<Image>((await index()).manifests[0]);
  for (const { digest } of image.layers)
    await promisify(execFile)('tar', ['-xzf', blobPath(digest), '-C', root, '--numeric-owner', '--same-permissions']);
  // A runtime brings the devices.
  await mkdir(path.join(root, 'dev'), { recursive: true });
  for (const [name, major, minor] of [
    ['null', '1', '3'],
    ['urandom', '1', '9'],
  ] as const)
    await promisify(execFile)('mknod', ['-m', '666', path.join(root, 'dev', name), 'c', major, minor]);
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function build(out: string): Promise<void> {
  const env = { ...process.env, SOURCE_DATE_EPOCH: EPOCH, KUBEFERRY_IMAGE_CACHE: CACHE };
  const child = spawn(path.join(PROJECT, 'deploy/image/build.sh'), [out], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, said);
}

async function index(): Promise<{ readonly manifests: readonly Descriptor[] }> {
  return JSON.parse(await readFile(path.join(folder, 'image/index.json'), 'utf8'));
}

function blobPath(digest: string): string {
  return path.join(folder, 'image/blobs', digest.replace(':', '/'));
}

async function blob<T>(descriptor: Descriptor | undefined): Promise<T> {
  assert.ok(descriptor);
  return JSON.parse(await readFile(blobPath(descriptor.digest), 'utf8'));
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program inside, as the image's user, with its environment and nothing else of this machine. */
async function inside(...argv: readonly string[]): Promise<Ended> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/tmp', NODE_ENV: 'production' };
  return await new Promise((resolve) => {
    execFile('chroot', ['--userspec=107:107', '--groups=', root, ...argv], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test('the layout is whole: every blob is what its name says', async () => {
  const named = [(await index()).manifests[0], image.config, ...image.layers];
  for (const descriptor of named) {
    assert.ok(descriptor);
    const content = await readFile(blobPath(descriptor.digest));
    assert.equal(`sha256:${createHash('sha256').update(content).digest('hex')}`, descriptor.digest);
    assert.equal(content.length, descriptor.size);
  }
  assert.equal((await readdir(path.join(folder, 'image/blobs/sha256'))).length, named.length);
});

test('it runs as user 107 and says what it is', async () => {
  const { config } = await blob<Config>(image.config);
  assert.equal(config.User, '107:107');
  assert.deepEqual(config.Entrypoint, ['/usr/bin/kubeferry']);
  const { version } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8'));
  assert.equal(config.Labels['org.opencontainers.image.version'], version);
  assert.equal((await inside('/usr/bin/kubeferry', '--version')).out.trim(), version);
  assert.equal((await inside('/usr/bin/id', '--user')).out.trim(), '107');
});

test('the tools that a transfer starts are there', async () => {
  assert.match((await inside('/usr/bin/qemu-img', '--version')).out, /^qemu-img version/);
  assert.match((await inside('/usr/bin/nbdkit', '--version')).out, /^nbdkit /);
  assert.match((await inside('/usr/bin/node', '--version')).out, /^v2[4-9]\./);
});

test('both entry points of a cluster start, and say what they lack outside of one', async () => {
  const operator = await inside('/usr/bin/kubeferry', 'operator');
  assert.equal(operator.code, 2);
  assert.match(operator.err, /KUBEFERRY_IMAGE/);
  const worker = await inside('/usr/bin/kubeferry', 'worker');
  assert.notEqual(worker.code, 0);
  assert.match(worker.err, /order\.json is not there/);
  assert.match((await inside('/usr/bin/kubeferry', 'operator', '--help')).out, /KUBEFERRY_IMAGE/);
  assert.match((await inside('/usr/bin/kubeferry', 'worker', '--help')).out, /its order is mounted/);
});

test('a VM is migrated in it, with nothing but what is in it', async () => {
  const ova = await buildGuest(folder);
  await copyFile(ova, path.join(root, 'tmp/guest.ova'));
  const { code, err } = await inside('/usr/bin/kubeferry', 'migrate', '--guest', 'none', '/tmp/guest.ova', '--to', '/tmp/out');
  assert.equal(code, 0, err);
  const files = await readdir(path.join(root, 'tmp/out'), { recursive: true, withFileTypes: true });
  const disk = files.find(({ name }) => name.endsWith('.img') || name.endsWith('.raw'));
  assert.ok(disk, `${GUEST_NAME}: ${files.map(({ name }) => name).join(' ')}`);
  assert.ok((await readFile(path.join(disk.parentPath, disk.name))).equals(guestDisk()));
  await rm(path.join(root, 'tmp/out'), { recursive: true });
  await rm(path.join(root, 'tmp/guest.ova'));
});

test('it holds no sources, no tests, nothing that raises rights and nothing that came from the machine that built it', async () => {
  const { stdout } = await promisify(execFile)('find', [root, '-xdev', '-printf', '%m %s %y /%P\\n'], { maxBuffer: 2 ** 26 });
  const files = stdout
    .trim()
    .split('\n')
    .map((line) => /^(\d+) (\d+) (\S) (.*)$/.exec(line) ?? []);
  const names = files.map(([, , , , name = '']) => name);
  const odd =
    /\.npmrc$|\.git(\/|$)|\/sources\.list(\.d\/.|$)|\/(src|providers|test)\/.*\.ts$|\/id_[a-z0-9]+$|\.kube\/|\/root\/.+\/|machine-id$/;
  assert.deepEqual(
    names.filter((name) => odd.test(name) && name !== '/etc/machine-id'),
    [],
  );
  assert.deepEqual(
    files.filter(([, mode = '', , type]) => type === 'f' && Number.parseInt(mode, 8) >= 0o2000).map(([line]) => line),
    [],
  );
  const theirs = names.filter((name) => name.startsWith('/usr/lib/kubeferry/node_modules/'));
  assert.ok(theirs.some((name) => name.includes('/undici/')) && !theirs.some((name) => name.includes('/typescript/')));
  // What runs on Hyper-V hosts is read at run time, and lies beside the code that reads it.
  const scripts = '/usr/lib/kubeferry/dist/providers/hyperv/scripts/';
  assert.deepEqual(
    names
      .filter((name) => name.startsWith(scripts) && name.endsWith('.ps1'))
      .map((name) => name.slice(scripts.length))
      .toSorted(),
    (await readdir(path.join(PROJECT, 'providers/hyperv/scripts'))).filter((name) => name.endsWith('.ps1')).toSorted(),
  );
  const bytes = files.reduce((sum, [, , size = '0', type]) => sum + (type === 'f' ? Number(size) : 0), 0);
  assert.ok(bytes < MOST_BYTES, `${Math.round(bytes / 2 ** 20)} MiB`);
});

test('its content is listed: Debian packages, Node, npm packages', async () => {
  const lines = (await readFile(path.join(folder, 'image/contents.txt'), 'utf8')).split('\n');
  for (const part of [
    /^# Debian bookworm$/,
    /^qemu-utils \d/,
    /^nbdkit \d/,
    /^v2\d\./,
    /^undici \d/,
    /^@kubernetes\/client-node \d/,
  ])
    assert.ok(
      lines.some((line) => part.test(line)),
      String(part),
    );
  for (const line of (await readFile(path.join(PROJECT, 'deploy/image/packages'), 'utf8')).split('\n')) {
    if (line !== '' && !line.startsWith('#'))
      assert.ok(
        lines.some((listed) => listed.startsWith(`${line} `)),
        line,
      );
  }
});

test('the Dockerfile installs the same packages, the same user and the same entry point', async () => {
  const dockerfile = await readFile(path.join(PROJECT, 'deploy/image/Dockerfile'), 'utf8');
  for (const same of ['deploy/image/packages', 'kubeferry:x:107:107::/tmp', 'USER 107:107', 'ENTRYPOINT ["/usr/bin/kubeferry"]'])
    assert.ok(dockerfile.includes(same), same);
  const { size } = await stat(path.join(root, 'usr/bin/node'));
  assert.ok(size > 2 ** 20);
});
