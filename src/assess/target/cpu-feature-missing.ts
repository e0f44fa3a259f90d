import { DOMAIN, type TargetRule } from '../target-rule.ts';

/** Hardware virtualisation has a name for each vendor. */
const VENDOR: Readonly<Record<string, string>> = { vmx: 'Intel', svm: 'AMD' };

export const rule: TargetRule = {
  id: 'cpu-feature-missing',
  category: 'Critical',
  label: 'No node offers a processor feature',
  about: 'The VM insists on a processor feature of one vendor, and the cluster’s nodes are of the other.',
  subject: 'VirtualMachine/spec.template.spec.domain.cpu.features',
  remedy: 'Ask for the other vendor’s feature, or for none.',
  check({ machine, facts }) {
    const vendors = facts.nodes?.vendors;
    if (vendors === undefined) return [];
    return (machine.spec.template.spec.domain.cpu?.features ?? []).flatMap(({ name, policy = 'require' }, position) => {
      const vendor = VENDOR[name];
      if (vendor === undefined || policy !== 'require' || vendors.includes(vendor)) return [];
      return [
        {
          subject: `${DOMAIN}.cpu.features[${position}]`,
          assessment: `${name} exists on ${vendor} processors, and the nodes have ${vendors.join(', ')}: no node would take the VM.`,
        },
      ];
    });
  },
};
