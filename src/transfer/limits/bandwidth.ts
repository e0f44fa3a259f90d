/**
 * How much may be read from sources at once and over time. Limits know bytes, names and clocks; they know no disk, no transport and no
 * reading. Whoever reads asks before it reads.
 */
import type { Bytes } from '../../model/units.ts';

/** Bytes a second that all transfers share. */
export interface Bandwidth {
  /**
   * Resolves when `bytes` may be moved; whoever came first goes first. Ask for one read at a time (64 KiB to some MiB) and just before it:
   * a read is granted as a whole, and what was granted is spent even when the read fails.
   * @throws MigrationError `canceled` when the signal aborts first; nothing is spent then
   */
  take(bytes: Bytes, signal: AbortSignal): Promise<void>;
}

/** Nothing is held back. */
export const UNLIMITED: Bandwidth = { take: () => Promise.resolve() };
