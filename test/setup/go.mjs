/**
 * Go builds some of the real peers that the tests run against (test/peers). Debian's own Go may be too old for them; then it
 * fetches a newer one for us, as a module, which its checksum database vouches for. Debian 12 brings Go 1.19, which cannot yet
 * switch toolchains by itself (that came with 1.21), so what it would do after the download is done here.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The toolchain to fetch: at least what every module in test/peers asks for. */
export const TOOLCHAIN = '1.26.8';

/**
 * The highest `go` line of the given go.mod texts.
 *
 * @param {readonly string[]} modules
 * @returns {string} `1.24.0`; `0` when there is no module
 */
export function neededGo(modules) {
  const lines = modules.map((text) => /^go (\d[\d.]*)$/m.exec(text)?.[1] ?? '0');
  return lines.reduce((most, line) => (atLeast(line, most) ? line : most), '0');
}

/**
 * @param {string} version `1.26.8`, `1.24`
 * @param {string} least
 * @returns {boolean}
 */
export function atLeast(version, least) {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (have?.[index] ?? 0) - (want?.[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * Texts of all go.mod files one folder below `peers`.
 *
 * @param {string} peers
 * @returns {readonly string[]}
 */
export function peerModules(peers) {
  if (!existsSync(peers)) return [];
  const files = readdirSync(peers).map((name) => join(peers, name, 'go.mod'));
  return files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'));
}

/**
 * Version of a Go program.
 *
 * @param {string} program name or path
 * @returns {string | undefined} `1.26.8`; undefined when it does not run
 */
export function goVersion(program) {
  // GOTOOLCHAIN keeps newer versions from fetching another one only to answer; the folder has no go.mod that could ask for it.
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  const { stdout } = spawnSync(program, ['env', 'GOVERSION'], { cwd: tmpdir(), env, encoding: 'utf8' });
  return /^go(\d[\d.]*)/.exec(stdout ?? '')?.[1];
}

/**
 * Lets an older Go fetch the toolchain and links it.
 *
 * @param {string} link where the program `go` shall be found afterwards
 * @returns {string | undefined} what went wrong
 */
export function fetchToolchain(link) {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const module = `golang.org/toolchain@v0.0.1-go${TOOLCHAIN}.${process.platform}-${arch}`;
  const env = { ...process.env, GOTOOLCHAIN: 'local', GO111MODULE: 'on', GOWORK: 'off', GOFLAGS: '' };
  const { status, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', module], {
    cwd: tmpdir(),
    env,
    encoding: 'utf8',
  });
  if (status !== 0) return `go mod download ${module}: ${(stdout + stderr).trim()}`;
  const folder = JSON.parse(stdout).Dir;
  makeUsable(folder);
  rmSync(link, { force: true });
  symlinkSync(join(folder, 'bin', 'go'), link);
  return undefined;
}

/**
 * Module archives keep no execute bits and no nested go.mod; Go 1.21 and newer do the same as here (cmd/go/internal/toolchain).
 *
 * @param {string} folder
 */
function makeUsable(folder) {
  for (const below of ['bin', 'pkg/tool']) {
    for (const name of readdirSync(join(folder, below), { encoding: 'utf8', recursive: true })) {
      const file = join(folder, below, name);
      if (statSync(file).isFile()) chmodSync(file, 0o555);
    }
  }
  const source = join(folder, 'src');
  if (existsSync(join(source, 'go.mod')) || !existsSync(join(source, '_go.mod'))) return;
  chmodSync(source, 0o755);
  copyFileSync(join(source, '_go.mod'), join(source, 'go.mod'));
}
