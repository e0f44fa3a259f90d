/** Whether the VM runs, and what happens to it when its node is emptied. */
import type { EvictionStrategy, PersistentVolumeClaim } from '../src/model/manifest.ts';
import type { SourceVm } from '../src/model/vm.ts';
import { type Ledger, TEMPLATE } from './ledger.ts';

/**
 * Halted for every VM. KubeVirt creates an empty disk where it finds none, so a VM that starts before its last byte has arrived
 * boots from a blank disk without any error.
 */
export function mapRunStrategy(vm: SourceVm, ledger: Ledger): 'Halted' {
  const to = 'VirtualMachine/spec.runStrategy';
  const because = 'Nothing starts before the last byte has arrived and somebody wants it to: virtctl start.';
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
  return 'Halted';
}

export function mapEviction(claims: readonly PersistentVolumeClaim[], ledger: Ledger): EvictionStrategy {
  const movable = claims.length > 0 && claims.every(({ spec }) => spec.accessModes.includes('ReadWriteMany'));
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
