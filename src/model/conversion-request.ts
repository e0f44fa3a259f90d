import type { ConversionRequest } from './conversion.ts';
import type { VmPlan } from './plan.ts';

/** What a plan asks of a conversion of its guest. @param about which copies of its disks, in the order of the VM's devices */
export function conversionRequest(
  { vm, mapping, conversion }: VmPlan,
  about: Pick<ConversionRequest, 'disks' | 'copy'>,
): ConversionRequest {
  const { root, clevis, virtioWin, scripts } = conversion ?? {};
  const machine = mapping.manifests.find(({ kind }) => kind === 'VirtualMachine');
  const bootloader = machine?.kind === 'VirtualMachine' ? machine.spec.template.spec.domain.firmware.bootloader : {};
  return {
    vm: vm.name,
    ...about,
    firmware: 'efi' in bootloader ? 'uefi' : 'bios',
    nics: vm.nics.flatMap(({ label, mac, guestIp }) =>
      mac === undefined ? [] : [{ label, mac, ...(guestIp !== undefined && { guestIp }) }],
    ),
    ...(root !== undefined && { root }),
    ...(clevis !== undefined && { clevis }),
    ...(virtioWin !== undefined && { virtioWin }),
    ...(scripts !== undefined && { scripts }),
  };
}
