import type { HardDisk } from './scripts/vm-answer.ts';

/** Where the disk is plugged in: `scsi0:1`, `ide0:0`, `pmem0:0`. */
export function diskKey({ controllerType, controllerNumber, controllerLocation }: Omit<HardDisk, 'chain'>): string {
  return `${controllerType.toLowerCase()}${controllerNumber}:${controllerLocation}`;
}
