/** What a VM takes from a namespace's quota and from the nodes. */
import type { PersistentVolumeClaim } from '../model/manifest.ts';
import { quantityOf } from '../model/quantity.ts';
import { formatBytes } from '../model/units.ts';
import type { MachineView } from './target-rule.ts';

/** The least that the VM takes, by the quota's own names. Overhead of its pod comes on top. */
export function needsOf(
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

/** As a person reads it. */
export function amount(resource: string, value: number): string {
  return /storage$|memory$/.test(resource) ? formatBytes(Math.max(0, value)) : String(value);
}
