/**
 * What a VM becomes on the target: PersistentVolumeClaims, a VirtualMachine, and for every field and every fact a Decision.
 * Pure: the same input gives the same bytes; no I/O, no time, no randomness. Knows only src/model.
 * Judgement about the VM by itself is not here but in src/assess; the concerns raised here need the user's tables or the target's facts.
 */
import type { Mapping } from '../src/model/mapping.ts';
import type { SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { Ledger } from './ledger.ts';
import { dropLeftovers } from './leftovers.ts';
import { buildVirtualMachine } from './virtual-machine.ts';

/** Maps one VM. `context.name` must be unique in the plan (see `assignNames`). */
export function mapVm(vm: SourceVm, context: MappingContext): Mapping {
  const ledger = new Ledger();
  const { machine, claims, placements, runStrategy } = buildVirtualMachine(vm, context, ledger);
  dropLeftovers(vm, ledger);
  return {
    vm: vm.ref,
    targetName: context.name,
    runStrategy,
    manifests: [...claims, machine],
    placements,
    decisions: ledger.decisions,
    concerns: ledger.concerns,
  };
}
