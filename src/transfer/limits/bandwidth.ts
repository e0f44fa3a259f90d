/**
 * How much may be read from servers at once and over time. Limits know bytes, names and clocks; they know no disk, no transport and no
 * reading. Whoever reads asks before it reads.
 */
import type { Bandwidth } from '../../contracts/bandwidth.ts';

/** Nothing is held back. */
export const UNLIMITED: Bandwidth = { take: () => Promise.resolve() };
