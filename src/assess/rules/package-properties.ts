import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'package-properties',
  category: 'Warning',
  label: 'Appliance expects properties at boot',
  about:
    'The package declares properties (addresses, passwords, roles) that VMware hands to the appliance at boot. KubeVirt hands over nothing of the kind.',
  subject: 'packaging.properties',
  remedy: 'Give the values by cloud-init or inside the guest.',
  check({ packaging }) {
    const properties = packaging?.properties ?? [];
    if (properties.length === 0) return [];
    const asked = properties.filter((property) => property.userConfigurable === true).length;
    return [
      {
        subject: 'packaging.properties',
        assessment: `Properties: ${properties.length}, for the user to set: ${asked}. An appliance that was configured before keeps its settings on disk; a fresh one may wait for them: give them by cloud-init, or type them in on its screen.`,
      },
    ];
  },
};
