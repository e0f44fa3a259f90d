import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'eula',
  category: 'Information',
  label: 'Licence text to accept',
  about: 'The package carries licence texts that a deployment on VMware would ask you to accept.',
  subject: 'packaging.eulas',
  remedy: 'Read the licence texts.',
  check({ packaging }) {
    const count = packaging?.eulas ?? 0;
    if (count === 0) return [];
    return [
      {
        subject: 'packaging.eulas',
        assessment: `Licence texts in ${packaging?.descriptor}: ${count}. Read them; some bind the software to one hypervisor.`,
      },
    ];
  },
};
