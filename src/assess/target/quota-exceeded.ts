import { amount, needsOf } from '../needs.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'quota-exceeded',
  category: 'Critical',
  label: 'Quota is too small',
  about: 'The namespace’s quota has less left than the VM asks for: its claims are refused, or its pod is.',
  subject: 'PersistentVolumeClaim/spec.resources',
  remedy: 'Raise the quota, or choose another namespace.',
  check({ machine, claims, namespace, index }) {
    const quotas = namespace === undefined ? undefined : index.quotas.get(namespace);
    if (quotas === undefined) return [];
    const needs = needsOf(machine, claims, index.defaultClass?.name);
    return quotas.flatMap(({ name, hard, used = {} }) =>
      Object.entries(hard).flatMap(([resource, limit]) => {
        const needed = needs.get(resource);
        const left = limit - (used[resource] ?? 0);
        if (needed === undefined || needed <= left) return [];
        return [
          {
            subject: resource.includes('memory') ? `${DOMAIN}.memory.guest` : 'PersistentVolumeClaim/spec.resources',
            assessment: `${namespace}’s quota ${name} has ${amount(resource, left)} of ${resource} left, and the VM needs ${amount(resource, needed)}.`,
          },
        ];
      }),
    );
  },
};
