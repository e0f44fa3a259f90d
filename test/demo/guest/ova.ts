/** Packs a raw disk as an OVA the way vSphere exports one: OVF 1.0 descriptor, SHA-256 manifest, streamOptimized VMDK. */
import { execFile } from 'node:child_process';
import { open, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { writePackage } from './ova-package.ts';

const run = promisify(execFile);

export interface OvaOptions {
  /** VM name; the descriptor and the disk are called after it. */
  readonly name: string;
  /** Path of the raw disk. */
  readonly raw: string;
  /** Path of the VMDK to write; it stays. */
  readonly vmdk: string;
  /** Path of the OVA to write. */
  readonly ova: string;
}

/** Writes `vmdk` and `ova`. With the same qemu-img the same input gives the same bytes. */
export async function packOva({ name, raw, vmdk, ova }: OvaOptions): Promise<void> {
  await rm(vmdk, { force: true });
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, vmdk]);
  await fixContentId(vmdk);
  const disk = { name: `${name}-disk1.vmdk`, file: vmdk, size: (await stat(vmdk)).size, capacity: (await stat(raw)).size };
  await writePackage(ova, {
    ...{ name, firmware: 'bios', processors: 1, memoryMiB: 128, disks: [disk] },
    system: { id: 1, osType: 'otherGuest', description: 'A boot sector that greets' },
    cards: [{ network: 'VM Network' }],
  });
}

/**
 * qemu-img draws the content id in the embedded descriptor at random (block/vmdk.c), with 1 to 8 digits; a fixed one makes
 * builds comparable. The text is followed by NULs, so that it may grow.
 */
async function fixContentId(vmdk: string): Promise<void> {
  await using file = await open(vmdk, 'r+');
  const start = Buffer.alloc(64 * 1024);
  await file.read(start, 0, start.length, 0);
  const at = start.indexOf('# Disk DescriptorFile', 0, 'latin1');
  const end = start.indexOf(0, at);
  if (at < 0 || end < 0) throw new Error(`${vmdk} has no embedded descriptor`);
  const text = start.toString('latin1', at, end).replace(/^CID=[0-9a-f]{1,8}$/m, 'CID=6b756265');
  await file.write(Buffer.from(text, 'latin1'), 0, text.length, at);
}
