import type { ClusterFacts } from '../../model/cluster-facts.ts';
import type { Version } from '../../model/kubevirt-version.ts';
import type { KnownField } from '../known-fields.ts';
import type { TargetRule } from '../target-rule.ts';

/** True where the facts leave no doubt: a beta gate of an unknown version may be on by itself. */
function isOff(
  { gate = '', gateOnSince }: KnownField,
  { facts, version }: { readonly facts: ClusterFacts; readonly version: Version | undefined },
): boolean {
  if (facts.featureGates === undefined || facts.featureGates.includes(gate)) return false;
  if (gateOnSince === undefined || facts.disabledFeatureGates?.includes(gate) === true) return true;
  return version !== undefined && version < gateOnSince;
}

export const rule: TargetRule = {
  id: 'feature-gate-off',
  category: 'Critical',
  label: 'Feature gate is off',
  about: 'The field works only with a feature gate of KubeVirt, which the target has not switched on.',
  subject: 'VirtualMachine',
  remedy: 'Add the gate to the KubeVirt object, or do without what the field does.',
  check({ unusual, index, facts }) {
    return unusual.flatMap(({ path, known }) =>
      known?.gate !== undefined && isOff(known, { facts, version: index.kubevirt })
        ? [
            {
              subject: `VirtualMachine/${path}`,
              assessment: `${path} needs the feature gate ${known.gate} in the KubeVirt object.`,
            },
          ]
        : [],
    );
  },
};
