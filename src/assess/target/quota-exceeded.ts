import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import { formatBytes } from '../../model/units.ts';
import { quantityOf } from '../quantity.ts';
import { DOMAIN, type MachineView, type TargetRule } from '../target-rule.ts';

/** The least that the VM takes, by the quota's own names. Overhead of its pod comes on top. */
function needsOf(
  machine: MachineView,
  claims: readonly PersistentVolumeClaim[],
  defaultClass: string | undefined,
): ReadonlyMap<string, number> {
  const needs = new Map<string, number>();
  const add = (resource: string, amount: number): void => {
    needs.set(resource, (needs.get(resource) ?? 0) + amount);
  };
  for (const { spec } of claims) {
    const size = quantityOf(spec.resources.requests.storage) ?? 0;
    add('requests.storage', size);
    add('persistentvolumeclaims', 1);
    add('count/persistentvolumeclaims', 1);
    const storageClass = spec.storageClassName ?? defaultClass;
    if (storageClass === undefined) continue;
    add(`${storageClass}.storageclass.storage.k8s.io/requests.storage`, size);
    add(`${storageClass}.storageclass.storage.k8s.io/persistentvolumeclaims`, 1);
  }
  add('count/virtualmachines.kubevirt.io', 1);
  const guest = quantityOf(machine.spec.template.spec.domain.memory?.guest ?? '') ?? 0;
  for (const resource of ['memory', 'requests.memory', 'limits.memory']) add(resource, guest);
  return needs;
}

function amount(resource: string, value: number): string {
  return /storage$|memory$/.test(resource) ? formatBytes(Math.max(0, value)) : String(value);
}

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
