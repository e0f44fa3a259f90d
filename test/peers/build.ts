/**
 * Builds the Go programs that stand in for real peers, one small module a folder beside this file.
 * A program is built once into `${XDG_CACHE_HOME:-~/.cache}/kubeferry/peers/<name>-<hash>`, where the hash covers the module's files and the
 * Go toolchain. The first build downloads the module's dependencies and compiles for minutes; it says so while it runs. Whoever needs the
 * same program meanwhile waits on a lock file. The least Go version is the `go` line of the module's go.mod. Linux only (flock).
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, glob, mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface BuildOptions {
  /** Package to build, as the module sees it; the module's own root when absent. */
  readonly package?: string;
  /** Folder that holds the module; `test/peers/<name>` when absent. */
  readonly folder?: string;
  /** Strings that are set in the program by the linker, as `import/path.name` → value. */
  readonly set?: Readonly<Record<string, string>>;
  /** Receives one line now and then while something is built; written to stderr when absent. */
  readonly onProgress?: (line: string) => void;
}

/** Built under the lock, unless somebody else did so while we waited for it. $0 is the program, the rest is the build command. */
const BUILD_ONCE = 'test -x "$0" && exit 0; "$@" && mv "$0.new" "$0"';
/** Stripped, the same bytes in every folder, and go.sum is never changed. */
const FLAGS = ['-v', '-mod=readonly', '-buildvcs=false', '-trimpath'];
const PROGRESS_EVERY_MS = 10_000;
/** Lines of a failed build that are shown. */
const TAIL = 40;

/**
 * Path of the program built from the module `test/peers/<name>`.
 * @throws Error when Go is missing or too old, or when the module does not build; the message holds what Go said
 */
export async function buildPeer(name: string, options: BuildOptions = {}): Promise<string> {
  const folder = options.folder ?? join(import.meta.dirname, name);
  const target = options.package ?? '.';
  const set = Object.entries(options.set ?? {}).map(([name, value]) => ` -X ${name}=${value}`);
  const flags = [...FLAGS, `-ldflags=-s -w${set.join('')}`];
  const hash = createHash('sha256').update(`${await toolchain(folder)}\n${target}\n${flags.join(' ')}\n`);
  for (const file of await moduleFiles(folder)) hash.update(`${file}\n`).update(await readFile(join(folder, file)));

  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kubeferry', 'peers');
  const program = join(cache, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (await exists(program)) return program;

  await mkdir(cache, { recursive: true });
  const go = ['go', 'build', ...flags, '-o', `${program}.new`, target];
  await compile(name, ['flock', `${program}.lock`, 'sh', '-c', BUILD_ONCE, program, ...go], folder, options);
  return program;
}

/** How Go is always run here: no cgo, no workspace around the module, no other toolchain than the one that is there. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOTOOLCHAIN: 'local' };
}

async function toolchain(folder: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], {
      cwd: folder,
      env: goEnvironment(),
    });
    return stdout;
  } catch (cause) {
    const least = /^go (\S+)$/m.exec(await readFile(join(folder, 'go.mod'), 'utf8'))?.[1];
    throw new Error(`the tests need Go ${least} or newer on PATH: install the Go toolchain`, { cause });
  }
}

async function moduleFiles(folder: string): Promise<readonly string[]> {
  const files = await Array.fromAsync(glob(['go.mod', 'go.sum', '**/*.go'], { cwd: folder }));
  return files.toSorted();
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}

async function compile(name: string, command: readonly string[], folder: string, options: BuildOptions): Promise<void> {
  const say = options.onProgress ?? ((line: string) => process.stderr.write(`${line}\n`));
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const said = new Said();
  say(`test peer ${name}: building, which takes minutes the first time`);
  const report = setInterval(
    () => say(`test peer ${name}: ${seconds()} s, ${said.downloads} modules downloaded, ${said.packages} packages compiled`),
    PROGRESS_EVERY_MS,
  );
  try {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { cwd: folder, env: goEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] });
    const exit = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    createInterface({ input: child.stderr }).on('line', (line) => said.add(line));
    const code = await exit;
    if (code !== 0) throw new Error(`test peer ${name} cannot be built (exit ${code}):\n${said.rest.slice(-TAIL).join('\n')}`);
    say(`test peer ${name}: built in ${seconds()} s`);
  } finally {
    clearInterval(report);
  }
}

/** What Go says while it builds: names of modules and packages, and the rest, which is trouble. */
class Said {
  downloads = 0;
  packages = 0;
  readonly rest: string[] = [];

  add(line: string): void {
    if (line.startsWith('go: downloading ')) this.downloads += 1;
    else if (/^[\w./-]+$/.test(line)) this.packages += 1;
    else this.rest.push(line);
  }
}
