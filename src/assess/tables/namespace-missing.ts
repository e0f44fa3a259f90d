import { nearest } from '../nearest.ts';
import type { TableRule } from '../table-rule.ts';

export const rule: TableRule = {
  id: 'namespace-missing',
  category: 'Critical',
  label: 'Namespace does not exist',
  about: 'The cluster has no such namespace, so nothing of the plan can be created.',
  subject: 'options.namespace',
  remedy: 'Create it, or name another one with --namespace.',
  check({ facts, options }) {
    const { namespace } = options;
    if (namespace === undefined || facts.namespaces === undefined) return [];
    const names = facts.namespaces.map(({ name }) => name);
    if (names.includes(namespace)) return [];
    const close = nearest(namespace, names);
    return [
      {
        subject: 'options.namespace',
        assessment: `The cluster has no namespace ${namespace}. ${close === undefined ? 'Create it first: kubectl create namespace.' : `Is ${close} meant?`}`,
      },
    ];
  },
};
