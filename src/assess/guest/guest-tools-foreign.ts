import type { InspectedTool } from '../../model/guest-inspection.ts';
import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

const FOREIGN: Readonly<Partial<Record<InspectedTool, string>>> = {
  'open-vm-tools': 'open-vm-tools',
  'vmware-tools': 'VMware Tools',
  'hyperv-daemons': 'the daemons of Hyper-V',
  'virtualbox-additions': 'the additions of VirtualBox',
};

export const rule: Rule = {
  id: 'guest-tools-foreign',
  category: 'Information',
  label: 'Tools of the old hypervisor in the guest',
  about:
    'Tools of the old hypervisor have nobody to talk to at the target. A conversion takes them away; without one they stay, idle or complaining in the guest’s log.',
  subject: 'inspection.tools',
  remedy: 'Nothing, or uninstall them after the migration.',
  check(_vm, { policy, inspection }) {
    const names = (inspection?.tools ?? []).flatMap((tool) => FOREIGN[tool] ?? []);
    if (names.length === 0) return [];
    const fate =
      policy === 'convert'
        ? 'the conversion takes them away or keeps them from starting'
        : 'they stay; uninstall them once the VM runs at the target';
    return found('inspection.tools', `In the guest: ${names.join(', ')}. At the target nobody talks to them: ${fate}.`);
  },
};
