#!/usr/bin/env node
/**
 * Makes a fresh clone ready for one of the package scripts: `node test/setup/setup.mjs demo|guest|test|check|bench`.
 * Plain JavaScript without dependencies, because it runs on whatever Node (20 or newer) the machine has. It installs the
 * npm packages of the lock file, among them Node 24 itself, and the system programs that the script needs. What is already
 * there is left alone; when nothing is missing it says nothing and takes a fraction of a second.
 * Exit codes: 0 ready, 2 a person has to install something (one line says what), 3 an installation failed.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atLeast, fetchToolchain, goVersion, neededGo, peerModules, TOOLCHAIN } from './go.mjs';
import { installedAsLocked } from './lock.mjs';
import { installLine, isPurpose, missingPrograms } from './programs.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const GO = join(ROOT, 'node_modules', '.bin', 'go');
const WANTED_MAJOR = 24;
const OLDEST_MAJOR = 20;

main(process.argv[2] ?? 'test');

/** @param {string} purpose */
function main(purpose) {
  if (!isPurpose(purpose)) stop(2, `unknown purpose "${purpose}": use demo, guest, test, check or bench`);
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_MAJOR)
    stop(2, `Node ${process.versions.node} is too old to begin with: install Node ${OLDEST_MAJOR} or newer`);
  installNpmPackages();
  installNode();
  installPrograms(purpose);
  if (purpose === 'test' || purpose === 'bench') installGo();
}

function installNpmPackages() {
  const wanted = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  if (installedAsLocked(wanted, readIfThere(join(ROOT, 'node_modules', '.package-lock.json')))) return;
  say('installing the npm packages of package-lock.json (npm ci) …');
  const failed = run('npm', ['ci', '--no-audit', '--no-fund', '--include=dev']);
  if (failed !== undefined) stop(3, `npm ci failed (${failed}); its own message is above`);
}

/** The package `node` fetches its program in an install script, which npm skips under `ignore-scripts` or without an approval. */
function installNode() {
  if (nodeMajor() === WANTED_MAJOR) return;
  say(`fetching Node ${WANTED_MAJOR} (npm left out its install script) …`);
  run('npm', ['rebuild', 'node', '--ignore-scripts=false']);
  if (nodeMajor() === WANTED_MAJOR) return;
  // An npm that refuses the script even so: the package's own installer does the same, but for the link.
  const failed = run(process.execPath, ['installArchSpecificPackage.js'], join(ROOT, 'node_modules', 'node'));
  if (failed === undefined && !existsSync(NODE)) symlinkSync(join('..', 'node', 'bin', 'node'), NODE);
  if (nodeMajor() === WANTED_MAJOR) return;
  stop(
    3,
    `node_modules/.bin/node is not Node ${WANTED_MAJOR}: allow npm to run the install script of the package "node", then run npm ci`,
  );
}

/** @returns {number | undefined} */
function nodeMajor() {
  if (!existsSync(NODE)) return undefined;
  const { stdout } = spawnSync(NODE, ['--version'], { encoding: 'utf8' });
  const match = /^v(\d+)\./.exec(stdout ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** @param {import('./programs.mjs').Purpose} purpose */
function installPrograms(purpose) {
  const before = missingPrograms(purpose, inPath);
  const missing = [...before.needed, ...before.wanted];
  if (missing.length === 0) return;
  const debian = inPath('apt-get');
  installPackages(missing.map((entry) => entry.package));
  const after = missingPrograms(purpose, inPath);
  if (after.needed.length > 0) stop(2, `missing ${names(after.needed)}: ${installLine(after.needed, debian)}`);
  if (after.wanted.length > 0) say(`${names(after.wanted)} would show more: ${installLine(after.wanted, debian)}`);
}

/** Go for the peers of the tests: the machine's own, Debian's, or a newer one that either of them fetches. */
function installGo() {
  const needed = neededGo(peerModules(join(ROOT, 'test', 'peers')));
  if (needed === '0' || enough('go', needed) || enough(GO, needed)) return;
  if (goVersion('go') === undefined) installPackages(['golang-go', 'ca-certificates']);
  if (enough('go', needed)) return;
  if (goVersion('go') === undefined) stop(2, `missing go: install Go ${needed} or newer (Debian and Ubuntu: golang-go)`);
  say(`fetching Go ${TOOLCHAIN}, because this machine's is older than ${needed} …`);
  const failed = fetchToolchain(GO);
  if (failed === undefined && enough(GO, needed)) return;
  stop(3, `Go ${needed} or newer is needed and cannot be fetched: ${failed ?? 'it does not run'}`);
}

/**
 * @param {string} program
 * @param {string} needed
 * @returns {boolean}
 */
function enough(program, needed) {
  const version = goVersion(program);
  return version !== undefined && atLeast(version, needed);
}

/**
 * Installs with apt-get where that is possible without asking; whether it helped is for the caller to see.
 *
 * @param {readonly string[]} names
 */
function installPackages(names) {
  const prefix = inPath('apt-get') ? privilege() : undefined;
  if (prefix === undefined) return;
  const packages = [...new Set(names)];
  say(`installing ${packages.join(', ')} (apt-get) …`);
  const [program = 'apt-get', ...rest] = [...prefix, 'apt-get', '-qq'];
  run(program, [...rest, 'update']);
  run(program, [...rest, 'install', '-y', '--no-install-recommends', ...packages]);
}

/** @returns {readonly string[] | undefined} what to put before apt-get; undefined when we may not install */
function privilege() {
  if (process.getuid?.() === 0) return [];
  if (inPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return undefined;
}

/**
 * @param {string} program
 * @returns {boolean}
 */
function inPath(program) {
  if (program.startsWith('/')) return fileExists(program);
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * @param {string} pattern absolute, with one `*` at most, for a whole folder (node:fs has no globs in Node 20)
 * @returns {boolean}
 */
function fileExists(pattern) {
  const [before = '', after] = pattern.split('*');
  if (after === undefined) return existsSync(before);
  return existsSync(before) && readdirSync(before).some((folder) => existsSync(`${before}${folder}${after}`));
}

/**
 * Runs with our own stdout and stderr.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {string | undefined} how it failed, undefined when it did not
 */
function run(program, args, cwd = ROOT) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, signal, error } = spawnSync(program, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return undefined;
  return error?.message ?? signal ?? `exit ${status}`;
}

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** @param {readonly import('./programs.mjs').Program[]} programs */
function names(programs) {
  return programs.map((entry) => entry.program).join(', ');
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

/**
 * @param {2 | 3} code
 * @param {string} text
 * @returns {never}
 */
function stop(code, text) {
  say(text);
  process.exit(code);
}
