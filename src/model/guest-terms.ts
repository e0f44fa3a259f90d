/** What is asked for the guests of a run: for each VM alone, and for all others. */
import type { ProofTerms } from './boot-proof.ts';
import type { ConversionPolicy, ConversionTerms } from './conversion.ts';

export interface GuestChoice {
  readonly conversion?: ConversionTerms;
  readonly proof?: ProofTerms;
}

/** `none` where nobody is to look into the guest. */
export function policyOf({ conversion }: GuestChoice): ConversionPolicy {
  return conversion?.policy ?? 'none';
}

export interface GuestTerms {
  readonly others: GuestChoice;
  /** By name or id. */
  readonly byVm: ReadonlyMap<string, GuestChoice>;
}
