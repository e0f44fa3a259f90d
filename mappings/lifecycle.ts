/** Whether the VM runs, and what happens to it when its node is emptied. */
import type { EvictionStrategy, PersistentVolumeClaim, RunStrategy } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import type { SourceVm } from '../src/model/vm.ts';
import { PREFIX } from './labels.ts';
import { type Ledger, TEMPLATE } from './ledger.ts';

interface RunStrategies {
  /**
   * Halted for every VM. KubeVirt creates an empty disk where it finds none, so a VM that starts before its last byte has arrived
   * boots from a blank disk without any error.
   */
  readonly now: 'Halted';
  /** What it should become when the migration is complete. */
  readonly later: RunStrategy;
}

export function mapRunStrategy(vm: SourceVm, options: MappingOptions, ledger: Ledger): RunStrategies {
  const to = 'VirtualMachine/spec.runStrategy';
  const because = 'Nothing starts before the last byte has arrived.';
  const entry = { to, value: 'Halted', rule: 'run-strategy', because };
  if (vm.power === undefined) ledger.added(entry);
  else if (vm.power === 'off') ledger.kept({ ...entry, from: 'power', was: vm.power });
  else ledger.changed({ ...entry, from: 'power', was: vm.power });
  ledger.dropped({
    from: 'isTemplate',
    was: vm.isTemplate,
    rule: 'template',
    because: vm.isTemplate === true ? 'A template becomes a VM that is never started; clone it.' : 'An ordinary VM.',
  });
  const wish = chooseWish(vm, options);
  ledger.added({
    to: `VirtualMachine/metadata.annotations["${PREFIX}/run-strategy"]`,
    value: wish.later,
    rule: 'run-strategy',
    because: wish.because,
  });
  return { now: 'Halted', later: wish.later };
}

function chooseWish({ power, isTemplate }: SourceVm, options: MappingOptions): { later: RunStrategy; because: string } {
  if (options.runStrategy !== undefined)
    return { later: options.runStrategy, because: 'What the VM becomes when its migration is complete, as given by the option.' };
  if (isTemplate === true) return { later: 'Halted', because: 'A template is never started.' };
  if (power === 'on') {
    const because =
      'The VM runs at the source, so it is to run when its migration is complete. It stays off when the guest shuts itself down, as under a hypervisor.';
    return { later: 'RerunOnFailure', because };
  }
  return {
    later: 'Halted',
    because:
      power === undefined
        ? 'The source does not say whether the VM runs: start it when it is wanted.'
        : 'The VM does not run at the source, so it stays off after its migration.',
  };
}

/** `claims` are those made with the VM; claims that are made with another one are shared, and so for many nodes. */
export function mapEviction(vm: SourceVm, claims: readonly PersistentVolumeClaim[], ledger: Ledger): EvictionStrategy {
  const movable = vm.disks.length > 0 && claims.every(({ spec }) => spec.accessModes.includes('ReadWriteMany'));
  const value = movable ? 'LiveMigrate' : 'LiveMigrateIfPossible';
  ledger.added({
    to: `${TEMPLATE}.evictionStrategy`,
    value,
    rule: 'eviction',
    because: movable
      ? 'Every disk can be mounted on two nodes, so the VM moves on when its node is emptied.'
      : 'Not every disk can be mounted on two nodes: with anything stricter the VM would block the emptying of its node.',
  });
  return value;
}
