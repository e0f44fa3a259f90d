import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'name-collision',
  category: 'Warning',
  label: 'Other VMs have the same name',
  about: 'Two VMs of the plan would get the same name on the target. Each gets a suffix made from its source id.',
  subject: 'name',
  remedy: 'Rename the VMs at the source if you want to tell them apart by name.',
  check(vm, { population }) {
    const { count, names } = population.namesakes(vm);
    if (count === 0) return [];
    const advice = 'Rename the VMs at the source if you want to tell them apart by name.';
    return [{ subject: 'name', assessment: `Also named so: ${names}. ${advice}` }];
  },
};
