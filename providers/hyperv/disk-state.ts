/** What of a disk decides whether its files can be read, and whether its changes can be counted. */
import type { HardDisk, Image } from './scripts/vm-answer.ts';

/** Why nobody but Hyper-V can read the disk, in words that follow its name; undefined when its files can be read. */
export function unreadable({ diskNumber, shared, chain }: HardDisk): { readonly why: string; readonly hint: string } | undefined {
  const [top] = chain;
  if (typeof diskNumber === 'number')
    return { why: 'is a whole disk of the host', hint: 'Make a VHDX of it on the host (New-VHD -SourceDisk), or leave it out.' };
  if (top === undefined) return { why: 'has no image: its drive is empty', hint: 'Remove the drive, or put its image back.' };
  if (chain.some(({ format }) => format === 'VHDSet'))
    return { why: 'is a VHD Set, which several VMs share', hint: 'Copy it to a VHDX (Convert-VHD) and attach that to one VM.' };
  if (shared === true)
    return { why: 'is a shared VHDX', hint: 'Shut down the VMs that share it and attach it to one VM without sharing.' };
  const dark = chain.find((image) => typeof image.unreadable === 'string' || image.format === 'Unknown');
  if (dark !== undefined)
    return {
      why: `cannot be opened by the host: ${dark.path}: ${dark.unreadable ?? 'it is neither VHD nor VHDX'}`,
      hint: 'Look at the disk on the host with Get-VHD.',
    };
  if (chain.at(-1)?.type === 'Differencing')
    return { why: 'lacks the parent of its last image', hint: 'Put the parent back, or merge the disk.' };
  return undefined;
}

/** Why its changes cannot be counted; undefined when they can. Resilient change tracking needs VHDX (Microsoft: `Msvm_ImageManagementService`). */
export function untrackable(disk: HardDisk): string | undefined {
  const broken = unreadable(disk);
  if (broken !== undefined) return `it ${broken.why}`;
  if (disk.controllerType === 'PMEM' || disk.chain.some(({ pmem }) => pmem === true)) return 'it is persistent memory';
  if (disk.chain.some(({ format }) => format !== 'VHDX')) return 'it is a VHD, and only changes of VHDX are counted';
  return undefined;
}

/** Hyper-V writes to such a file while a checkpoint is there. */
export function isCheckpointFile({ path }: Image): boolean {
  return /\.avhdx?$/i.test(path);
}
