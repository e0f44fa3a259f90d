import type { Rule } from '../rule.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const rule: Rule = {
  id: 'name-changed',
  category: 'Information',
  label: 'Name is not possible in Kubernetes',
  about: 'Names of target objects are DNS-1123 labels: at most 63 lower-case Latin letters, digits and dashes.',
  subject: 'name',
  remedy: 'Rename the VM at the source if you want another name.',
  check({ name }) {
    if (LABEL.test(name)) return [];
    return [
      {
        subject: 'name',
        assessment:
          'The VM gets a name of the allowed form, made from its own; the name at the source is kept in an annotation. The guest’s host name does not change.',
      },
    ];
  },
};
