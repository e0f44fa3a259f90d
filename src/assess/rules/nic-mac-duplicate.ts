import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-mac-duplicate',
  category: 'Warning',
  label: 'Same MAC address twice',
  about: 'Two NICs of this VM, or of two VMs of the plan, have one MAC address. KubeVirt accepts that; switches do not.',
  subject: 'nics[].mac',
  remedy: 'Give one of the NICs another address unless they are on separate networks.',
  check(vm, { population }) {
    return vm.nics.flatMap(({ mac, label }, index) => {
      if (mac === undefined) return [];
      const twin = vm.nics.findIndex((nic) => nic.mac === mac);
      const others = population.macHolders(vm, mac);
      if (twin === index && others.count === 0) return [];
      const holder = twin === index ? `other VMs (${others.names})` : `${vm.nics[twin]?.label ?? 'another NIC'} of this VM`;
      return [
        {
          subject: `nics[${index}].mac`,
          assessment: `${label} shares ${mac} with ${holder}. Give one of them another address unless they are on separate networks.`,
        },
      ];
    });
  },
};
