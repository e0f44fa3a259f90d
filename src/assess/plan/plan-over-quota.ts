import { amount } from '../needs.ts';
import type { PlanRule } from '../plan-rule.ts';

export const rule: PlanRule = {
  id: 'plan-over-quota',
  category: 'Critical',
  label: 'Quota is too small for the plan',
  about: 'Each VM may fit the namespace’s quota and all of them together do not: the last ones would be refused.',
  subject: 'vms',
  remedy: 'Raise the quota, or spread the VMs over namespaces.',
  check({ needs, index }) {
    return [...needs].flatMap(([namespace, needed]) =>
      (index.quotas.get(namespace) ?? []).flatMap(({ name, hard, used = {} }) =>
        Object.entries(hard).flatMap(([resource, limit]) => {
          const wanted = needed.get(resource) ?? 0;
          const left = limit - (used[resource] ?? 0);
          if (wanted <= left) return [];
          return [
            {
              subject: 'vms',
              assessment: `${namespace}’s quota ${name} has ${amount(resource, left)} of ${resource} left, and the VMs of this plan need ${amount(resource, wanted)} together.`,
            },
          ];
        }),
      ),
    );
  },
};
