/**
 * Names by templates: a text with a few placeholders, nothing that is run. A template holds letters, digits, dashes and each of its
 * placeholders at most once; the result is made a DNS-1123 label like every other name.
 */
import type { MappingOptions } from '../src/model/mapping.ts';
import type { VmRef } from '../src/model/vm.ts';
import { type AssignedName, assignNames, claimName as ordinaryClaimName, toLabel } from './names.ts';

/** Placeholders by option; all of them must be there, so that names stay unique. */
const PLACEHOLDERS = { vmNames: ['{vm}'], claimNames: ['{vm}', '{disk}'] } as const;

/** What is wrong with a template, in words for whoever wrote it; undefined when nothing is. */
export function templateFault(option: keyof typeof PLACEHOLDERS, template: string): string | undefined {
  const wanted = PLACEHOLDERS[option];
  let rest = template;
  for (const placeholder of wanted) {
    if (template.split(placeholder).length !== 2) return `${placeholder} must stand in it once`;
    rest = rest.replace(placeholder, '-');
  }
  if (!/^[a-z0-9-]*$/.test(rest)) return `only lower-case letters, digits, dashes and ${wanted.join(', ')} may stand in it`;
  // Without a sign between them `web1` and disk 2 would be `web` and disk 12.
  if (/\}\{|\{disk\}\d|\d\{disk\}/.test(template)) return 'a dash must stand between its parts';
  return undefined;
}

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

/** Name of the claim of one disk: stable over runs, unique because the VM's name is. */
export function claimName(template: string | undefined, vmName: string, index: number): string {
  if (template === undefined) return ordinaryClaimName(vmName, index);
  return toLabel(template.replace('{vm}', () => vmName).replace('{disk}', () => String(index)));
}
