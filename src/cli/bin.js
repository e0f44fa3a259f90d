#!/usr/bin/env node
/**
 * The program that npm links as `kubeferry`. It starts the sources in a checkout and the build where the package is installed,
 * because Node strips types everywhere but inside node_modules. Written for old versions of Node, so that it can say what is missing.
 */
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

/** The container's entry points are programs of their own: they know no terminal and take no options. Their help is that of the command line. */
const help = process.argv[3] === '--help' || process.argv[3] === '-h';
const door = (!help && ['operator', 'worker'].find((name) => name === process.argv[2])) || 'cli';
const sources = new URL(`../${door}/main.ts`, import.meta.url);
const build = new URL(`../../dist/src/${door}/main.js`, import.meta.url);
const checkout = existsSync(sources);

const trouble = checkout ? troubleInCheckout() : troubleInPackage();
if (trouble === undefined) {
  // Keeps the stripped and compiled sources between runs (keyed by content and version of Node): halves the time to start.
  if (checkout)
    module.enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/kubeferry/compiled', import.meta.url)));
  await import((checkout ? sources : build).href);
} else {
  process.stderr.write(`kubeferry: ${trouble}\n`);
  process.exitCode = 2;
}

/** @returns {string | undefined} */
function troubleInCheckout() {
  if (!existsSync(new URL(`../../node_modules/${atLeast(24, 0) ? 'commander' : '.bin/node'}`, import.meta.url))) {
    return 'this checkout is not set up yet: run `node test/setup/setup.mjs` in it.';
  }
  if (atLeast(24, 0)) return undefined;
  return `Node ${process.versions.node} cannot run the sources; start them with \`npx kubeferry\`, which finds the Node of this checkout.`;
}

/** @returns {string | undefined} */
function troubleInPackage() {
  return atLeast(22, 19) ? undefined : `Node 22.19 or newer is needed, this is ${process.versions.node}.`;
}

/**
 * @param {number} major
 * @param {number} minor
 * @returns {boolean}
 */
function atLeast(major, minor) {
  const [thisMajor = 0, thisMinor = 0] = process.versions.node.split('.').map(Number);
  return thisMajor > major || (thisMajor === major && thisMinor >= minor);
}
