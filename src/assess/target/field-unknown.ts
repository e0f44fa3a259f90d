import { visitFields } from '../known-fields.ts';
import type { Finding } from '../rule.ts';
import type { TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'field-unknown',
  category: 'Critical',
  label: 'Field that KubeVirt does not know',
  about: 'The API server drops unknown fields without a word, so the VM would differ from what was planned.',
  subject: 'VirtualMachine',
  remedy: 'Report this: the plan writes a field that no supported KubeVirt has.',
  check({ machine }) {
    const unknown: Finding[] = [];
    visitFields(machine, (path, known) => {
      if (known === undefined)
        unknown.push({
          subject: `VirtualMachine/${path}`,
          assessment: `${path} is no field of a VirtualMachine and would disappear.`,
        });
    });
    return unknown;
  },
};
