/** What is asked for the guests of a run: for each VM alone, and for all others. */
import type { ProofTerms } from './boot-proof.ts';
import type { ConversionTerms } from './conversion.ts';

export interface GuestChoice {
  readonly conversion?: ConversionTerms;
  readonly proof?: ProofTerms;
}

export interface GuestTerms {
  readonly others: GuestChoice;
  /** By name or id. */
  readonly byVm: ReadonlyMap<string, GuestChoice>;
}
