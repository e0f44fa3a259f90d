import { quantityOf } from '../../model/quantity.ts';
import { MiB } from '../../model/units.ts';
import { found } from '../each-device.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'memory-odd',
  category: 'Warning',
  label: 'Odd memory size',
  about: 'KubeVirt accepts any number of bytes. QEMU rounds it to pages, and memory hot-plug is silently off.',
  subject: 'VirtualMachine/spec.template.spec.domain.memory.guest',
  remedy: 'Use whole MiB.',
  check({ machine }) {
    const guest = machine.spec.template.spec.domain.memory?.guest;
    const bytes = guest === undefined ? undefined : quantityOf(guest);
    return found(
      `${DOMAIN}.memory.guest`,
      bytes === undefined || (bytes > 0 && bytes % MiB === 0) ? undefined : `${guest} is no whole number of MiB.`,
    );
  },
};
