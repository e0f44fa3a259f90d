/** Packs a guest as vSphere exports one with its MAC addresses: OVF 1.0 descriptor, SHA-256 manifest, streamOptimized VMDKs, in one OVA. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type PackageDisk, writePackage } from '../../demo/guest/ova-package.ts';
import { exportGuest, GUEST_CARDS, type GuestRecipe } from '../guests.ts';

/** Writes the guest that is on `disks` (raw, in order) to `ova`; the VM is called like the file. */
export async function packageGuest(recipe: GuestRecipe, disks: readonly string[], ova: string): Promise<void> {
  const name = path.basename(ova, '.ova');
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-package-'));
  try {
    const packed: PackageDisk[] = [];
    for (const [at, disk] of disks.entries()) {
      const member = { name: `${name}-disk${at + 1}.vmdk`, file: path.join(folder, `disk${at}.vmdk`) };
      await exportGuest(disk, 'vmdk', member.file);
      packed.push({ ...member, size: (await stat(member.file)).size, capacity: (await stat(disk)).size });
    }
    await writePackage(ova, {
      ...{ name, processors: 2, memoryMiB: 1024, disks: packed },
      firmware: recipe.firmware === 'uefi' ? 'efi' : 'bios',
      system: { id: 96, osType: 'debian12_64Guest', description: 'Debian GNU/Linux 12 (64-bit)' },
      cards: GUEST_CARDS.map(({ mac }, at) => ({ network: `VM Network ${at + 1}`, mac })),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
