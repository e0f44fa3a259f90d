/** Runs one rule on a VM of which only the given facts are known, and says in a word per finding what it found. */
import { surveyPeers } from '../../src/assess/population.ts';
import type { Finding, Rule } from '../../src/assess/rule.ts';
import type { GuestInspection } from '../../src/model/guest-inspection.ts';
import { findGuestOs } from '../../src/model/guest-os.ts';
import { type GuestChoice, policyOf } from '../../src/model/guest-terms.ts';
import type { MappingOptions } from '../../src/model/mapping.ts';
import type { MigrationType } from '../../src/model/phase.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { smallVm } from '../mappings/small-vm.ts';

export interface RuleContext {
  readonly peers?: readonly SourceVm[];
  readonly options?: Partial<MappingOptions>;
  readonly type?: MigrationType;
  readonly inCluster?: boolean;
  readonly guest?: GuestChoice;
  readonly inspection?: GuestInspection;
  readonly unseen?: string;
}

/** `Warning disks[0].mode`, in the order of the findings. */
export function verdicts(rule: Rule, facts: Partial<SourceVm>, context: RuleContext = {}): readonly string[] {
  return findings(rule, facts, context).map(({ category, subject }) => `${category ?? rule.category} ${subject}`);
}

/** The findings themselves, for tests that look at words. */
export function findings(rule: Rule, facts: Partial<SourceVm>, context: RuleContext = {}): readonly Finding[] {
  const vm = smallVm(facts);
  return rule.check(vm, {
    population: surveyPeers(context.peers ?? []),
    options: context.options ?? {},
    type: context.type ?? 'cold',
    os: findGuestOs(vm.guest),
    inCluster: context.inCluster ?? false,
    guest: context.guest ?? {},
    policy: policyOf(context.guest ?? {}),
    inspection: context.inspection,
    unseen: context.unseen,
  });
}
