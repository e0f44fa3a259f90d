/** Choices that are the same for a seed on every machine. */
import { seededWords } from '../../fakes/seeded.ts';

export interface Dice {
  /** 0 … limit − 1 */
  below(limit: number): number;
  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
}

export function dice(seed: number): Dice {
  const next = seededWords(seed);
  const below = (limit: number): number => next() % limit;
  return {
    below,
    chance: (probability) => next() / 2 ** 32 < probability,
    pick: (from) => from[below(from.length)] ?? from[0],
  };
}
