/**
 * The scripts that run the engine in processes of their own, as JavaScript: what is installed is that, and needs no types stripped. (A
 * compile cache does not do: worker threads do not use it, and loading what strips types takes a fifth of a second of processor time.)
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const ROOT = path.resolve(import.meta.dirname, '../..');
const WORKER = 'src/transfer/blocks/worker.ts';

/** Compiles a script of this folder, with all that it imports, into a folder that is made; returns the path of the script there. */
export async function buildScript(name: string, folder: string): Promise<string> {
  await mkdir(folder);
  const options = { noEmit: false, noCheck: true, rootDir: ROOT, outDir: folder, allowJs: false, checkJs: false };
  const files = [`test/bench/${name}.ts`, WORKER].map((file) => path.join(ROOT, file));
  const project = path.join(folder, 'tsconfig.json');
  const typeRoots = [path.join(ROOT, 'node_modules/@types')];
  await writeFile(
    project,
    JSON.stringify({ extends: path.join(ROOT, 'tsconfig.json'), compilerOptions: { ...options, typeRoots }, include: [], files }),
  );
  await promisify(execFile)(path.join(ROOT, 'node_modules/.bin/tsc'), ['-p', project]);
  await copyFile(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return path.join(folder, `test/bench/${name}.js`);
}
