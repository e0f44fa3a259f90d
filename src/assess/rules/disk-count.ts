import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

const TESTED = 165;
/** maxItems of `domain.devices.disks` in the VirtualMachine definition of KubeVirt 1.6 to 1.9. */
const ALLOWED = 256;

export const rule: Rule = {
  id: 'disk-count',
  category: 'Critical',
  label: 'More disks than a VM can have',
  about:
    'KubeVirt’s definition allows 256 disks and CD-ROM drives in one VM. A warning from 165 on: nobody has tested so many on one virtio SCSI controller.',
  subject: 'disks',
  remedy: 'Join disks in the guest, or spread them over VMs.',
  check({ disks, cdroms }) {
    const count = disks.length + cdroms.length;
    if (count <= TESTED) return [];
    if (count > ALLOWED) return found('disks', `${count} disks and drives: KubeVirt refuses more than ${ALLOWED}.`);
    return [
      { subject: 'disks', category: 'Warning', assessment: `${count} disks and drives: test such a VM on the target first.` },
    ];
  },
};
