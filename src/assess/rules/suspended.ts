import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'suspended',
  category: 'Critical',
  label: 'VM is suspended',
  about:
    'A suspended VM keeps its running state in a file of the old hypervisor. No other hypervisor can resume it: what was only in memory is lost.',
  subject: 'power',
  remedy: 'Resume the VM and shut it down cleanly.',
  check({ power }) {
    if (power !== 'suspended') return [];
    return [{ subject: 'power', assessment: 'Resume the VM, shut it down cleanly and migrate then.' }];
  },
};
