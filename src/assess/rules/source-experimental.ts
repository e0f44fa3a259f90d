import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'source-experimental',
  category: 'Information',
  label: 'Hyper-V is experimental',
  about:
    'Reading live Hyper-V hosts was tested against simulators, not yet against a real one: inventory, checkpoints, change tracking and reading a running VM’s disks over SMB.',
  subject: 'platform.vendor',
  remedy: 'Try a VM that may be lost first.',
  check({ platform, placement }) {
    // Image files of Hyper-V VMs have no host.
    if (platform.vendor !== 'hyperv' || placement?.host === undefined) return [];
    return found(
      'platform.vendor',
      'Tested against simulators, not yet against a real host. Let kubeferry doctor look at this one, and try a VM that may be lost first. What arrives is proven as always.',
    );
  },
};
