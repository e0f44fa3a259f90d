import type { TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'field-unknown',
  category: 'Critical',
  label: 'Field that KubeVirt does not know',
  about: 'The API server drops unknown fields without a word, so the VM would differ from what was planned.',
  subject: 'VirtualMachine',
  remedy: 'Report this: the plan writes a field that no supported KubeVirt has.',
  check({ unusual }) {
    return unusual.flatMap(({ path, known }) =>
      known === undefined
        ? [{ subject: `VirtualMachine/${path}`, assessment: `${path} is no field of a VirtualMachine and would disappear.` }]
        : [],
    );
  },
};
