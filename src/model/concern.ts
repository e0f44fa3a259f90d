/** Channel 1 of trouble: a remark about the customer's VM or tables. Data, never thrown. */

/** Critical: a migration would lose or break something. Warning: something changes. Information: good to know. */
export type Category = 'Critical' | 'Warning' | 'Information';

export interface Concern {
  /** Stable, kebab-case, the rule's own name: `disk-independent`. */
  readonly id: string;
  readonly category: Category;
  /** What is wrong, in a few words. */
  readonly label: string;
  /** What it means for this VM and what to do about it. */
  readonly assessment: string;
  /** Path of the fact: `disks[1].mode`, `nics[0].mac`, `firmware`; the VM's own name is not part of it. */
  readonly subject: string;
}

const WEIGHT: Readonly<Record<Category, number>> = { Critical: 0, Warning: 1, Information: 2 };

/** The gravest category of a list, undefined for an empty one. */
export function worst(concerns: readonly Concern[]): Category | undefined {
  let found: Category | undefined;
  for (const concern of concerns) {
    if (found === undefined || WEIGHT[concern.category] < WEIGHT[found]) found = concern.category;
  }
  return found;
}

/** True when `category` is as grave as `limit` or graver. */
export function atLeast(category: Category, limit: Category): boolean {
  return WEIGHT[category] <= WEIGHT[limit];
}

/** Sorted by gravity, then id, then subject: a stable order for every report. */
export function sortConcerns(concerns: readonly Concern[]): readonly Concern[] {
  return concerns.toSorted(
    (a, b) => WEIGHT[a.category] - WEIGHT[b.category] || compareText(a.id, b.id) || compareText(a.subject, b.subject),
  );
}

/** Code-unit order: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
