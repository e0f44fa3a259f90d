import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'name-collision',
  category: 'Warning',
  label: 'Other VMs have the same name',
  about: 'Two VMs of the plan would get the same name on the target. Each gets a suffix made from its source id.',
  check(vm, { population }) {
    const namesakes = population.namesakes(vm);
    if (namesakes.length === 0) return [];
    const shown = namesakes.slice(0, 5).join(', ');
    const more = namesakes.length > 5 ? ` and ${namesakes.length - 5} more` : '';
    return [
      {
        subject: 'name',
        assessment: `Also named so: ${shown}${more}. Rename the VMs at the source if you want to tell them apart by name.`,
      },
    ];
  },
};
