import type { Finding } from '../rule.ts';
import type { TargetRule } from '../target-rule.ts';

interface Wanted {
  readonly kind: string;
  readonly known: ReadonlySet<string> | undefined;
}

/** Only cluster-wide ones are in the facts. */
function missing(
  field: string,
  named: { readonly name: string; readonly kind?: string } | undefined,
  { kind, known }: Wanted,
): readonly Finding[] {
  if (named === undefined || known === undefined || (named.kind ?? kind) !== kind || known.has(named.name)) return [];
  return [
    {
      subject: `VirtualMachine/spec.${field}`,
      assessment: `The cluster has no ${kind} ${named.name}: the VM would be accepted and never start.`,
    },
  ];
}

export const rule: TargetRule = {
  id: 'preference-missing',
  category: 'Critical',
  label: 'Preference or instance type does not exist',
  about: 'A VM that names a missing preference or instance type is accepted and never starts.',
  subject: 'VirtualMachine/spec.preference',
  remedy: 'Install the common instance types, or leave the name out.',
  check({ machine, index }) {
    const { preference, instancetype } = machine.spec;
    return [
      ...missing('preference', preference, { kind: 'VirtualMachineClusterPreference', known: index.preferences }),
      ...missing('instancetype', instancetype, { kind: 'VirtualMachineClusterInstancetype', known: index.instancetypes }),
    ];
  },
};
