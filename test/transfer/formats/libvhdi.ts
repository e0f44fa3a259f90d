/** Debian's libvhdi, the outside judge of chains of VHD and VHDX. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../fixture.ts';

const SCRIPT = path.join(import.meta.dirname, 'libvhdi.py');

/** The disk as libvhdi reads it. @param names the child first, then its parents @param target a file that it is written to */
export async function readByLibvhdi(target: string, names: readonly string[]): Promise<Buffer> {
  // Debian's own Python, whatever else the machine has: the library comes with it.
  await run('/usr/bin/python3', SCRIPT, target, ...names);
  return await readFile(target);
}
