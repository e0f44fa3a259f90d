import { firmwareIn } from '../../model/guest-readiness.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'firmware-unknown',
  category: 'Warning',
  label: 'Firmware unknown',
  about: 'A guest boots only with the firmware that it was installed with. The source does not say which that is.',
  subject: 'firmware.kind',
  remedy: 'State the firmware with --firmware.',
  check({ firmware }, { options, inspection }) {
    if (options.firmware !== undefined || firmware.kind !== undefined || firmware.secureBoot === true) return [];
    // One kind of boot loader in the guest says which firmware it was installed with.
    if (inspection !== undefined && firmwareIn(inspection) !== undefined) return [];
    return [
      {
        subject: 'firmware.kind',
        assessment:
          'BIOS is assumed unless the guest system needs UEFI. If the VM does not find its disk, migrate again with --firmware uefi.',
      },
    ];
  },
};
