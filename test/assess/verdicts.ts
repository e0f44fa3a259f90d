/** Runs one rule on a VM of which only the given facts are known, and says in a word per finding what it found. */
import { surveyPeers } from '../../src/assess/population.ts';
import type { Rule } from '../../src/assess/rule.ts';
import type { MappingOptions } from '../../src/model/mapping.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { smallVm } from '../mappings/small-vm.ts';

/** `Warning disks[0].mode`, in the order of the findings. */
export function verdicts(
  rule: Rule,
  facts: Partial<SourceVm>,
  context: { readonly peers?: readonly SourceVm[]; readonly options?: Partial<MappingOptions> } = {},
): readonly string[] {
  const surroundings = { population: surveyPeers(context.peers ?? []), options: context.options ?? {} };
  return rule.check(smallVm(facts), surroundings).map(({ category, subject }) => `${category ?? rule.category} ${subject}`);
}
