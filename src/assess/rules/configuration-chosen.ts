import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'configuration-chosen',
  category: 'Information',
  label: 'One of several deployment sizes',
  about:
    'The package offers deployment configurations (small, medium, large …). One of them decides the processors, memory and disks.',
  subject: 'packaging.configuration',
  remedy: 'Choose another one with --config if it is not the one you want.',
  check({ packaging }) {
    const configuration = packaging?.configuration;
    if (configuration === undefined || configuration.available.length < 2) return [];
    return [
      {
        subject: 'packaging.configuration',
        assessment: `The configuration ${configuration.chosen} is used. Others: ${configuration.available.filter((one) => one !== configuration.chosen).join(', ')}. Choose one with --config.`,
      },
    ];
  },
};
