import { visitFields } from '../known-fields.ts';
import type { Finding } from '../rule.ts';
import type { TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'feature-gate-off',
  category: 'Critical',
  label: 'Feature gate is off',
  about: 'The field works only with a feature gate of KubeVirt, which the target has not switched on.',
  subject: 'VirtualMachine',
  remedy: 'Add the gate to the KubeVirt object, or do without what the field does.',
  check({ machine, index, facts }) {
    const { featureGates, disabledFeatureGates = [] } = facts;
    if (featureGates === undefined) return [];
    const off: Finding[] = [];
    visitFields(machine, (path, known) => {
      if (known?.gate === undefined || featureGates.includes(known.gate)) return;
      const byItself =
        known.gateOnSince !== undefined &&
        (index.kubevirt ?? 0) >= known.gateOnSince &&
        !disabledFeatureGates.includes(known.gate);
      if (!byItself)
        off.push({
          subject: `VirtualMachine/${path}`,
          assessment: `${path} needs the feature gate ${known.gate} in the KubeVirt object.`,
        });
    });
    return off;
  },
};
