/** Which VMs of an inventory are meant. */
import { compareText } from '../model/concern.ts';
import { MigrationError } from '../model/errors.ts';
import type { SourceVm } from '../model/vm.ts';

type Named = Pick<SourceVm, 'ref' | 'name'>;

/**
 * The VMs that `wanted` names by exact name or id, in the inventory's order; all of them when `wanted` is empty.
 * A name that several VMs carry means all of them.
 * @throws MigrationError `vm-not-found` listing every name that nothing matches, and what there is
 */
export function select<T extends Named>(vms: readonly T[], wanted: readonly string[]): readonly T[] {
  if (wanted.length === 0) return vms;
  const there = new Set(vms.flatMap((vm) => [vm.name, vm.ref.id]));
  const missing = wanted.filter((word) => !there.has(word));
  if (missing.length > 0) throw notFound(missing, vms);
  const words = new Set(wanted);
  return vms.filter((vm) => words.has(vm.name) || words.has(vm.ref.id));
}

const NAMES_SHOWN = 20;

function notFound(missing: readonly string[], vms: readonly Named[]): MigrationError {
  const names = [...new Set(vms.map(({ name }) => name))].sort(compareText);
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  const there =
    names.length === 0 ? 'The source holds no VM.' : `The source holds ${names.slice(0, NAMES_SHOWN).join(', ')}${more}.`;
  return new MigrationError('vm-not-found', `No VM is called ${missing.join(', ')}. ${there}`);
}
