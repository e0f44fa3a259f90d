/** A hive of Windows' registry with nothing but its root, which hivexregedit can fill. */
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PAGE = 4_096;
const NONE = 0xffff_ffff;

/** As libyal's "Windows NT Registry File (REGF) format" has it: a base block, and one bin with a root key and its security. */
function emptyHive(): Buffer {
  const bytes = Buffer.alloc(2 * PAGE);
  bytes.write('regf', 0);
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(1, 8);
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt32LE(3, 24);
  bytes.writeUInt32LE(1, 32);
  bytes.writeUInt32LE(32, 36);
  bytes.writeUInt32LE(PAGE, 40);
  bytes.writeUInt32LE(1, 44);
  let sum = 0;
  for (let at = 0; at < 508; at += 4) sum ^= bytes.readUInt32LE(at);
  bytes.writeUInt32LE(sum >>> 0, 508);

  const bin = bytes.subarray(PAGE);
  bin.write('hbin', 0);
  bin.writeUInt32LE(PAGE, 8);
  const [key, security, free] = [32, 32 + 96, 32 + 96 + 48];
  bin.writeInt32LE(-96, key);
  bin.write('nk', key + 4);
  bin.writeUInt16LE(0x2c, key + 6);
  bin.writeUInt32LE(NONE, key + 20);
  for (const at of [32, 36, 44, 52]) bin.writeUInt32LE(NONE, key + at);
  bin.writeUInt32LE(security, key + 48);
  bin.writeUInt16LE(4, key + 76);
  bin.write('root', key + 80);
  bin.writeInt32LE(-48, security);
  bin.write('sk', security + 4);
  bin.writeUInt32LE(security, security + 8);
  bin.writeUInt32LE(security, security + 12);
  bin.writeUInt32LE(1, security + 16);
  bin.writeUInt32LE(20, security + 20);
  bin.writeInt32LE(PAGE - free, free);
  return bytes;
}

/** @param keys by their path (`ControlSet001\\Services\\VMTools`), with their values as lines of a .reg file */
export async function makeHive(file: string, keys: Readonly<Record<string, readonly string[]>>): Promise<string> {
  await writeFile(file, emptyHive());
  const parents = Object.keys(keys).flatMap((key) => key.split('\\').map((_, at, parts) => parts.slice(0, at + 1).join('\\')));
  const blocks = [...new Set(parents)].map((key) => [`[\\${key}]`, ...(keys[key] ?? []), ''].join('\n'));
  await writeFile(`${file}.reg`, ['Windows Registry Editor Version 5.00', '', ...blocks].join('\n'));
  await run('hivexregedit', ['--merge', file, `${file}.reg`]);
  await rm(`${file}.reg`);
  return file;
}

/** What is below a key, as a .reg file. */
export async function hiveText(file: string, key: string): Promise<string> {
  const { stdout } = await run('hivexregedit', ['--export', file, key]);
  return stdout;
}
