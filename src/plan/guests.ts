/** What is asked for the guest of a VM. */
import type { ConversionPolicy } from '../model/conversion.ts';
import { type GuestChoice, type GuestTerms, policyOf } from '../model/guest-terms.ts';
import type { MappingOptions } from '../model/mapping.ts';
import type { SourceVm } from '../model/vm.ts';

/** What is asked for it alone goes before what is asked for all. Nothing, where nobody is to look into guests. */
export function choiceFor({ name, ref }: Pick<SourceVm, 'name' | 'ref'>, terms: GuestTerms | undefined): GuestChoice {
  return terms?.byVm.get(name) ?? terms?.byVm.get(ref.id) ?? terms?.others ?? {};
}

/** What is asked for any guest of a run. */
export function policiesOf(terms: GuestTerms | undefined): readonly ConversionPolicy[] {
  if (terms === undefined) return ['none'];
  return [...new Set([terms.others, ...terms.byVm.values()].map(policyOf))];
}

/** A guest that keeps its drivers gets devices that it knows. */
export function optionsFor(choice: GuestChoice, options: MappingOptions): MappingOptions {
  return policyOf(choice) === 'compatibility' ? { ...options, devices: 'compatibility' } : options;
}
