import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nested-virtualization',
  category: 'Warning',
  label: 'Nested virtualisation',
  about: 'The guest is allowed to run virtual machines itself. The node must offer that, and it must be of the named vendor.',
  subject: 'cpu.nestedVirtualization',
  remedy: 'Make sure that nodes offer it; change the feature on AMD nodes.',
  check({ cpu }) {
    if (cpu.nestedVirtualization !== true) return [];
    return [
      {
        subject: 'cpu.nestedVirtualization',
        assessment:
          'The VM asks for VT-x and starts only on Intel nodes with nested virtualisation on. Windows guests may want it for their own security features only.',
      },
    ];
  },
};
