import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-vhd-set',
  category: 'Critical',
  label: 'VHD Set',
  about:
    'A VHD Set is a small file that points to a shared image and its checkpoints. It is not a disk image that can be read by itself.',
  subject: 'disks[].sharing',
  remedy: 'Convert it to a VHDX while the cluster is stopped (Convert-VHD), and migrate that.',
  check(vm) {
    return onDisks(vm, 'sharing', ({ sharing, label }) =>
      sharing === 'vhd-set'
        ? `${label}: stop the VMs that share it, convert it with Convert-VHD, and let one ReadWriteMany block claim serve them.`
        : undefined,
    );
  },
};
