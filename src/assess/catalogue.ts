/** Every rule as data: a page of documentation is made from it (deploy/concerns.ts), so that text and code cannot drift apart. */
import type { Category } from '../model/concern.ts';
import { factSource } from './fact-sources.ts';
import { GUEST_RULES } from './guest-rules.ts';
import { PLAN_RULES } from './plan.ts';
import type { RuleWords } from './rule.ts';
import { RULES } from './rules.ts';
import { TABLE_RULES } from './tables.ts';
import { TARGET_RULES } from './target-rules.ts';

export interface CatalogueEntry {
  readonly id: string;
  readonly category: Category;
  readonly label: string;
  /** What it means. */
  readonly about: string;
  readonly subject: string;
  /** What to do. */
  readonly remedy: string;
  /** Where the fact is read. */
  readonly source: string;
}

export interface CatalogueSection {
  readonly title: string;
  readonly entries: readonly CatalogueEntry[];
}

/** In the order in which the rules run. `decided` are the concerns that mapping raises while it decides: assessment does not know that room. */
export function catalogue(decided: readonly RuleWords[]): readonly CatalogueSection[] {
  return [
    section('The VM at the source', RULES),
    section('The guest', GUEST_RULES),
    section('Where it goes', decided),
    section('What it becomes', TARGET_RULES),
    section('Maps and options', TABLE_RULES),
    section('The plan as a whole', PLAN_RULES),
  ];
}

function section(title: string, rules: readonly RuleWords[]): CatalogueSection {
  return {
    title,
    entries: rules.map(({ id, category, label, about, subject, remedy }) => ({
      id,
      category,
      label,
      about,
      subject,
      remedy,
      source: factSource(subject),
    })),
  };
}
