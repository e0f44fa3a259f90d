import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cpu-compatibility',
  category: 'Information',
  label: 'Processor features were held back',
  about:
    'The guest saw fewer processor features than its host has, so that it could move between hosts. KubeVirt’s default shows the model of the node where the VM starts.',
  subject: 'cpu.evcMode',
  remedy: 'Set a CPU model that all nodes share, in the VM or for the cluster, if nodes differ.',
  check({ cpu }) {
    const { evcMode, compatibilityMode } = cpu;
    return [
      ...found(
        'cpu.evcMode',
        evcMode === undefined || evcMode === ''
          ? undefined
          : `The baseline ${evcMode} ends. Set a common CPU model on the target if its nodes differ.`,
      ),
      ...found(
        'cpu.compatibilityMode',
        compatibilityMode === true
          ? 'The guest will see more features. Set a common CPU model on the target if its nodes differ.'
          : undefined,
      ),
    ];
  },
};
