/** Names by the templates of src/model/name-template.ts; the result is made a DNS-1123 label like every other name. */
import type { MappingOptions } from '../src/model/mapping.ts';
import type { VmRef } from '../src/model/vm.ts';
import { type AssignedName, assignNames, claimName as ordinaryClaimName, toLabel } from './names.ts';

/** Target names by `ref.id`, see `assignNames`. */
export function assignTemplatedNames(
  vms: readonly { readonly ref: VmRef; readonly name: string }[],
  { vmNames }: Pick<MappingOptions, 'vmNames'>,
): ReadonlyMap<string, AssignedName> {
  if (vmNames === undefined) return assignNames(vms);
  const named = vms.map(({ ref, name }) => ({ ref, name: vmNames.replace('{vm}', () => toLabel(name) || toLabel(ref.id)) }));
  const names = new Map<string, AssignedName>();
  for (const [id, { name, because }] of assignNames(named)) {
    names.set(id, { name, because: `Made by the template ${vmNames}. ${because}` });
  }
  return names;
}

/** Name that interface and network of one NIC share: unique in its VM, because positions are. */
export function nicName(template: string | undefined, position: number): string {
  return template === undefined ? `nic-${position}` : toLabel(template.replace('{nic}', () => String(position)));
}

/** Name of the claim of one disk: stable over runs, unique because the VM's name is. */
export function claimName(template: string | undefined, vmName: string, index: number): string {
  if (template === undefined) return ordinaryClaimName(vmName, index);
  return toLabel(template.replace('{vm}', () => vmName).replace('{disk}', () => String(index)));
}
