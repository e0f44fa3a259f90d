/**
 * A library like VMware's VDDK and an nbdkit that loads it, for tests: nbdkit and its vddk plugin are built from Debian's source package
 * (vddk/build-nbdkit.sh), the library is our own stub (vddk/stub.c, whose header says what it shows and what not). Both are built once
 * into `${XDG_CACHE_HOME:-~/.cache}/kubeferry/peers`, keyed by a hash of what they are built from. Needs apt, dpkg-dev, gcc and make.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const SOURCES = join(import.meta.dirname, 'vddk');
/** Built under the lock, unless somebody else did so meanwhile. $0 is what is made, the rest is the command. */
const BUILD_ONCE = 'test -e "$0" || "$@"';

/** What the library expects to be told. */
export interface VddkExpectation {
  readonly server: string;
  readonly thumbprint: string;
  readonly user: string;
  readonly password: string;
  readonly vm: string;
  readonly snapshot?: string;
  readonly file: string;
}

/**
 * What goes wrong: `port` 902 is closed, the library's `version` does not fit, the disk is `locked`, the library does not `init` or makes
 * nbdkit `crash` at once or `die` after three reads; connections are `lost` after three reads, or the disk is `unreadable`.
 */
export type VddkFault = 'port' | 'version' | 'locked' | 'init' | 'crash' | 'die' | 'lost' | 'unreadable';

export interface StubVddk extends AsyncDisposable {
  /** For `libdir=`. */
  readonly folder: string;
  /** Where the disk's raw bytes are to be put. */
  readonly disk: string;
  /** From the next connection on; none when absent. */
  fail(fault?: VddkFault): Promise<void>;
  /** What the library was told, a line each. */
  log(): Promise<readonly string[]>;
}

/** A library with a world of its own. */
export async function stubVddk(expected: VddkExpectation): Promise<StubVddk> {
  const library = await buildStub();
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-vddk-'));
  const path = (name: string): string => join(folder, name);
  await mkdir(path('lib64'));
  await copyFile(library, path('lib64/libvixDiskLib.so.8'));
  const { vm, ...others } = expected;
  const lines = Object.entries({ ...others, vm: `moref=${vm}` }).map(([key, value]) => `${key} ${value}\n`);
  await writeFile(path('expected'), lines.join(''));
  return {
    folder,
    disk: path('disk.raw'),
    fail: async (fault) => await writeFile(path('fault'), fault === undefined ? '' : `${fault}\n`),
    log: async () => (await readFile(path('log'), 'utf8')).trimEnd().split('\n'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Folder with an `nbdkit` that has the vddk plugin, for PATH. The first build takes about a minute and says so. */
export async function nbdkitFolder(): Promise<string> {
  const script = join(SOURCES, 'build-nbdkit.sh');
  const built = await inCache('nbdkit', await readFile(script));
  if (!(await exists(built))) process.stderr.write('test peer nbdkit: building with its vddk plugin, which takes a minute\n');
  await buildOnce(built, ['sh', script, built]);
  return join(built, 'bin');
}

/** Bound to itself (-Bsymbolic), because the plugin has variables with the names of the library's functions. */
async function buildStub(): Promise<string> {
  const source = join(SOURCES, 'stub.c');
  const built = await inCache('libvixDiskLib', await readFile(source));
  const gcc = ['gcc', '-Wall', '-Wextra', '-Werror', '-O1', '-shared', '-fPIC', '-Wl,-Bsymbolic', '-o', `${built}.new`, source];
  await buildOnce(built, ['sh', '-c', '"$@" && mv "$0.new" "$0"', built, ...gcc, '-lpthread', '-ldl']);
  return built;
}

async function inCache(name: string, content: Buffer): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kubeferry', 'peers');
  await mkdir(cache, { recursive: true });
  return join(cache, `${name}-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`);
}

async function buildOnce(built: string, command: readonly string[]): Promise<void> {
  if (await exists(built)) return;
  const args = [`${built}.lock`, 'sh', '-c', BUILD_ONCE, built, ...command];
  try {
    await promisify(execFile)('flock', args, { maxBuffer: 64 * 1024 * 1024 });
  } catch (cause) {
    const said =
      cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trimEnd().split('\n').slice(-20).join('\n') : '';
    throw new Error(`test peer ${built} cannot be built; it needs apt, dpkg-dev, gcc and make:\n${said}`, { cause });
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
