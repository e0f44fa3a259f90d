/** What a look into the guest says about its machine: it goes before what is merely likely, and never before what somebody has stated. */
import { lacking, systemOf } from '../src/model/guest-readiness.ts';
import type { SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';

interface Avoided {
  /** Why disks, or NICs, are not to be on virtio; undefined: nothing is known against it. */
  readonly disks: string | undefined;
  readonly nics: string | undefined;
}

/** A guest that is converted is given what it lacks; one that is said to have it (`skip`) is refused where it does not. */
export function avoidVirtio({ guest }: MappingContext): Avoided {
  if (guest?.inspection === undefined || guest.policy !== 'none') return { disks: undefined, nics: undefined };
  const { disks, nics } = lacking(guest.inspection);
  return { disks: reasonOf(disks), nics: reasonOf(nics) };
}

function reasonOf(lacks: readonly string[]): string | undefined {
  return lacks.length === 0
    ? undefined
    : `A look into the guest found it not ready for virtio, and nobody mends that: ${lacks.join('; ')}.`;
}

/**
 * Key of the disk that holds the boot loader: the EFI system partition; with BIOS the kernels, beside which boot loaders are installed.
 * Undefined where it is not known, or is no disk of the VM.
 */
export function bootDisk({ disks }: SourceVm, { guest }: MappingContext, firmware: 'bios' | 'uefi'): string | undefined {
  const { inspection } = guest ?? {};
  if (inspection === undefined) return undefined;
  const device = firmware === 'uefi' ? inspection.boot.uefi?.device : loaderDevice(inspection);
  const letters = device === undefined ? undefined : /^\/dev\/[hsv]d([a-z]{1,2})\d*$/.exec(device)?.[1];
  return letters === undefined ? undefined : disks[diskNumber(letters)]?.key;
}

function loaderDevice(inspection: Parameters<typeof systemOf>[0]): string | undefined {
  const system = systemOf(inspection);
  return system?.mounts.find(({ path }) => path === '/boot')?.device ?? system?.root;
}

/** `a` is 0, `aa` follows `z`. */
function diskNumber(letters: string): number {
  return Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 96, 0) - 1;
}
