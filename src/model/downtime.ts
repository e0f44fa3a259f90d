/** How long a VM was down for its migration, and for what. Made from the history of its phases (src/plan/downtime.ts). */
import type { Spread } from './estimate.ts';
import type { WorkPhase } from './phase.ts';
import type { Bytes } from './units.ts';

export interface Downtime {
  /** When the source began to be shut down, ISO 8601. */
  readonly from: string;
  /** When the VM was seen to run again, here or there, ISO 8601; as far as it is known where `over` is false. */
  readonly to: string;
  /** The sum of all parts. */
  readonly seconds: number;
  /** In their order, without a gap. */
  readonly parts: readonly DowntimePart[];
  /** False: the VM is still down. */
  readonly over: boolean;
  /** What was expected at the moment of the shutdown. */
  readonly predicted?: PredictedDowntime;
}

export interface DowntimePart {
  /** `Standstill`: the migration had failed or was interrupted, and the source was off meanwhile. */
  readonly phase: WorkPhase | 'Standstill';
  readonly seconds: number;
}

export interface PredictedDowntime {
  readonly seconds: Spread;
  /** Of a warm migration. */
  readonly finalDelta?: { readonly predicted: Spread; readonly actual: Bytes };
}
