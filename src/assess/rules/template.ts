import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'template',
  category: 'Information',
  label: 'Template',
  about: 'The source marks the VM as a template. KubeVirt has no such mark on a VM.',
  subject: 'isTemplate',
  remedy: 'Clone the target VM instead of starting it.',
  check({ isTemplate }) {
    if (isTemplate !== true) return [];
    return [{ subject: 'isTemplate', assessment: 'It becomes an ordinary, halted VM. Clone it instead of starting it.' }];
  },
};
