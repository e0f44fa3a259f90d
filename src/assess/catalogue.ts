/** Every rule as data: a page of documentation is made from it, so that text and code cannot drift apart. */
import type { Category } from '../model/concern.ts';
import { RULES } from './rules.ts';

export interface CatalogueEntry {
  readonly id: string;
  readonly category: Category;
  readonly label: string;
  readonly about: string;
}

/** In the order in which the rules run: by part of the VM. */
export function catalogue(): readonly CatalogueEntry[] {
  return RULES.map(({ id, category, label, about }) => ({ id, category, label, about }));
}
