/** VMs that are cut over together, or not at all: two gates that each passes only with all the others. Pure. */
import { hasReached, isMigrated, type MigrationType, type Phase } from '../../model/phase.ts';

/** `AwaitCutover`: before any source is shut down. `AwaitGroup`: every source is off and copied, and no VM is at the target yet. */
export type Gate = 'AwaitCutover' | 'AwaitGroup';

export type Verdict =
  /** `begun`: others are through already, so nobody may turn back. */
  | { readonly kind: 'go'; readonly begun: boolean }
  /** `for`: names of those that have not come yet. */
  | { readonly kind: 'wait'; readonly for: readonly string[] }
  /** It will not come, so nobody goes. */
  | { readonly kind: 'fail'; readonly because: string };

interface Member {
  readonly name: string;
  readonly type: MigrationType;
  readonly phase?: Phase;
}

const LOST: ReadonlySet<Phase> = new Set(['Failed', 'Canceled', 'RollBack', 'InspectTarget', 'RolledBack']);

/**
 * Whether a VM at the gate may pass. Before the first gate a companion that failed is waited for: it can be tried again.
 * @param others without the VM itself
 */
export function verdictAt(gate: Gate, others: readonly Member[]): Verdict {
  const lost = gate === 'AwaitGroup' ? others.find(({ phase }) => phase !== undefined && LOST.has(phase)) : undefined;
  if (lost !== undefined) return { kind: 'fail', because: `${lost.name} of its group is ${lost.phase}` };
  const missing = others.filter((other) => !hasArrived(gate, other));
  if (missing.length === 0) return { kind: 'go', begun: others.some(({ phase }) => phase !== gate) };
  return { kind: 'wait', for: missing.map(({ name }) => name) };
}

function hasArrived(gate: Gate, { type, phase }: Member): boolean {
  // A warm VM copies its disks long before, a cold one once it is off.
  if (phase === 'CopyDisks') return gate === 'AwaitCutover' && type === 'cold';
  return isMigrated(phase) || (phase !== undefined && hasReached(phase, gate) && !LOST.has(phase));
}
