/** What a reader wants to know about the whole run before any detail; the same numbers in every rendering. */
import { type Category, compareText } from '../model/concern.ts';
import { isMigrated } from '../model/phase.ts';
import type { Report } from '../model/report.ts';
import { diskBytes } from './describe.ts';

export interface Overview {
  readonly vms: number;
  /** To move; whole disk sizes where nothing was estimated. */
  readonly bytes: number;
  /** VMs with at least one concern of the category. */
  readonly withCategory: Readonly<Record<Category, number>>;
  readonly withoutConcerns: number;
  readonly migrated: number;
  /** Gravest first, then those of most VMs. */
  readonly topics: readonly Topic[];
}

/** One kind of concern over all VMs. */
export interface Topic {
  readonly id: string;
  readonly category: Category;
  readonly label: string;
  /** VMs that have it, at least once. */
  readonly vms: number;
}

const ORDER: readonly Category[] = ['Critical', 'Warning', 'Information'];

export function overview({ vms }: Report): Overview {
  const withCategory = { Critical: 0, Warning: 0, Information: 0 };
  const topics = new Map<string, Topic & { vms: number }>();
  let [bytes, withoutConcerns, migrated] = [0, 0, 0];
  for (const { vm, concerns, estimate, progress } of vms) {
    bytes += estimate?.bytes ?? diskBytes(vm);
    if (concerns.length === 0) withoutConcerns += 1;
    if (isMigrated(progress?.phase)) migrated += 1;
    for (const category of new Set(concerns.map((concern) => concern.category))) withCategory[category] += 1;
    // A rule can be graver for one VM than for another: these are two topics.
    for (const [key, concern] of new Map(concerns.map((found) => [`${found.category} ${found.id}`, found]))) {
      const topic = topics.get(key);
      if (topic === undefined) topics.set(key, { id: concern.id, category: concern.category, label: concern.label, vms: 1 });
      else topic.vms += 1;
    }
  }
  return { vms: vms.length, bytes, withCategory, withoutConcerns, migrated, topics: [...topics.values()].sort(byWeight) };
}

function byWeight(a: Topic, b: Topic): number {
  return ORDER.indexOf(a.category) - ORDER.indexOf(b.category) || b.vms - a.vms || compareText(a.id, b.id);
}
