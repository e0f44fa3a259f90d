/** Builds the demo guest's OVA in a folder: `node test/demo/guest/build.ts FOLDER`, or from the demo and the tests. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { guestDisk } from './disk.ts';
import { packOva } from './ova.ts';

export const GUEST_NAME = 'kubeferry-demo';

/** Returns the OVA's path. Of the parts that it is made of nothing stays. */
export async function buildGuest(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const [raw, vmdk, ova] = ['raw', 'vmdk', 'ova'].map((kind) => path.join(folder, `${GUEST_NAME}.${kind}`));
  if (raw === undefined || vmdk === undefined || ova === undefined) throw new Error('three paths were made');
  await writeFile(raw, guestDisk());
  try {
    await packOva({ name: GUEST_NAME, raw, vmdk, ova });
  } finally {
    await rm(raw, { force: true });
    await rm(vmdk, { force: true });
  }
  return ova;
}
