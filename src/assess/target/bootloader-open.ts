import { found } from '../each-device.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'bootloader-open',
  category: 'Critical',
  label: 'Preference may change the firmware',
  about:
    'A preference fills what the VM leaves open. Several prefer UEFI with secure boot: a guest that was installed with BIOS would not boot.',
  subject: 'VirtualMachine/spec.template.spec.domain.firmware.bootloader',
  remedy: 'Write the bootloader, BIOS too.',
  check({ machine }) {
    const { preference, template } = machine.spec;
    const loader = template.spec.domain.firmware?.bootloader;
    return found(
      `${DOMAIN}.firmware.bootloader`,
      preference === undefined || loader?.bios !== undefined || loader?.efi !== undefined
        ? undefined
        : `The preference ${preference.name} decides about BIOS or UEFI. State the bootloader.`,
    );
  },
};
