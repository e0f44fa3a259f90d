import { type TargetRule, TEMPLATE } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'volume-claim-missing',
  category: 'Critical',
  label: 'Volume without a claim',
  about: 'KubeVirt accepts volumes whose claim does not exist; the VM waits for it for ever.',
  subject: 'VirtualMachine/spec.template.spec.volumes[]',
  remedy: 'Create the claim, or correct its name.',
  check({ machine, claims, namespace, index }) {
    return (machine.spec.template.spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim }, position) => {
      if (persistentVolumeClaim === undefined) return [];
      const { claimName } = persistentVolumeClaim;
      if (claims.some(({ metadata }) => metadata.name === claimName)) return [];
      if (index.claims === undefined || namespace === undefined || index.claims.has(`${namespace}/${claimName}`)) return [];
      return [
        {
          subject: `${TEMPLATE}.volumes[${position}]`,
          assessment: `${name} needs the claim ${claimName}, which neither this plan nor ${namespace} has.`,
        },
      ];
    });
  },
};
