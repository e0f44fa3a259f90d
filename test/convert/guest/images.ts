/** Small disks with what looks like a guest, made without mounting anything and without root. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, open, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MiB = 1024 ** 2;

/** Where the appliance is kept between runs of tests. */
export async function applianceCache(): Promise<string> {
  const folder = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'kubeferry', 'appliance');
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Files by their path below the folder. */
export async function makeTree(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
}

/** A disk with two partitions: an EFI system partition, and ext4 with what makes libguestfs see a system. Trees of at most some MiB. */
export async function makeUefiDisk(
  folder: string,
  { root, esp }: { readonly root: string; readonly esp: string },
): Promise<string> {
  await mkdir(path.join(root, 'bin'), { recursive: true });
  // Tells the processor of the guest.
  await cp('/bin/true', path.join(root, 'bin/ls'));
  const system = await blank(path.join(folder, 'root.part'), 64);
  await run('mke2fs', ['-q', '-t', 'ext4', '-d', root, system]);
  const loaders = await blank(path.join(folder, 'esp.part'), 16);
  await run('mkfs.vfat', ['-n', 'ESP', loaders]);
  const entries = (await readdir(esp)).map((name) => path.join(esp, name));
  await run('mcopy', ['-s', '-i', loaders, ...entries, '::']);
  const disk = await blank(path.join(folder, 'linux.raw'), 82);
  await typed('sfdisk', ['-q', disk], 'label: gpt\nstart=2048,size=32768,type=U\nstart=34816,size=131072,type=L\n');
  await placed(disk, loaders, 1);
  await placed(disk, system, 17);
  return disk;
}

export async function blank(file: string, mebibytes: number): Promise<string> {
  await writeFile(file, '');
  await truncate(file, mebibytes * MiB);
  return file;
}

async function placed(disk: string, part: string, mebibyte: number): Promise<void> {
  const handle = await open(disk, 'r+');
  try {
    await handle.write(await readFile(part), { position: mebibyte * MiB });
  } finally {
    await handle.close();
  }
}

/** Runs a program that reads its input to its end. */
export async function typed(program: string, argv: readonly string[], input: string): Promise<void> {
  const child = spawn(program, argv, { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  const [status] = await once(child, 'exit');
  assert.equal(status, 0, `${program} failed`);
}
