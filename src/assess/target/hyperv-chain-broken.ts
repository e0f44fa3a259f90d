import { DOMAIN, type HypervPart, type TargetRule } from '../target-rule.ts';

/** Each needs the other (KubeVirt 1.9, hypervFeatureDependencies). */
const CHAIN: readonly (readonly [feature: HypervPart, needed: HypervPart])[] = [
  ['synictimer', 'synic'],
  ['synic', 'vpindex'],
  ['reenlightenment', 'frequencies'],
];

/** `{}` is on; only `enabled: false` is off. */
function isOn(feature: unknown): boolean {
  return typeof feature === 'object' && feature !== null && !('enabled' in feature && feature.enabled === false);
}

export const rule: TargetRule = {
  id: 'hyperv-chain-broken',
  category: 'Critical',
  label: 'Hyper-V features without what they need',
  about:
    'The feature synictimer needs synic, and synic needs vpindex. KubeVirt accepts a broken chain and refuses to start the VM.',
  subject: 'VirtualMachine/spec.template.spec.domain.features.hyperv',
  remedy: 'Switch on what the feature needs.',
  check({ machine }) {
    const hyperv = machine.spec.template.spec.domain.features?.hyperv;
    if (hyperv === undefined) return [];
    return CHAIN.flatMap(([feature, needed]) =>
      isOn(hyperv[feature]) && !isOn(hyperv[needed])
        ? [
            {
              subject: `${DOMAIN}.features.hyperv.${feature}`,
              assessment: `${feature} needs ${needed}: the VM would be accepted and never start.`,
            },
          ]
        : [],
    );
  },
};
