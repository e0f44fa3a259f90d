import type { SourceVm } from '../model/vm.ts';
import { readSelection } from '../plan/criteria.ts';
import type { PlanResource } from './services.ts';

export interface Chosen {
  /** Ids of the VMs that are named and meet the criteria; undefined where nothing is named, and the criteria alone decide. */
  readonly ids?: readonly string[];
  /** Names and ids that mean none. */
  readonly missing: readonly string[];
}

/**
 * Which VMs the names and ids of a plan mean. A name that several VMs carry means all of them.
 * @throws MigrationError `usage` for a criterion that is none
 */
export async function choose(
  { names, ids, where = [] }: PlanResource['spec']['selection'],
  vms: AsyncIterable<SourceVm>,
): Promise<Chosen> {
  if (names === undefined && ids === undefined) return { missing: [] };
  const { matches } = readSelection(where);
  const wanted = { names: new Set(names), ids: new Set(ids) };
  const found = { names: new Set<string>(), ids: new Set<string>() };
  const chosen: string[] = [];
  for await (const vm of vms) {
    const byName = wanted.names.has(vm.name);
    const byId = wanted.ids.has(vm.ref.id);
    if (!(byName || byId) || !matches(vm)) continue;
    if (byName) found.names.add(vm.name);
    if (byId) found.ids.add(vm.ref.id);
    chosen.push(vm.ref.id);
  }
  const missing = [...wanted.names.difference(found.names), ...wanted.ids.difference(found.ids)];
  return { ids: chosen, missing };
}
