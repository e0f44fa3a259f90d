/** Where mappers write down what they decided and what worries them, while one VM is mapped. */
import type { Concern } from '../src/model/concern.ts';
import type { Decision } from '../src/model/mapping.ts';
import { MAPPING_CONCERNS, type MappingConcernId } from './concerns.ts';

/** A source or target value before it becomes text; undefined: there is none. */
export type Fact = string | number | boolean | undefined;

interface Entry {
  /** Path of the source fact; absent when no fact stands behind the field. */
  readonly from?: string;
  /** Path in the target; absent when the fact has no place there. */
  readonly to?: string;
  readonly was?: Fact;
  readonly value?: Fact;
  readonly rule: string;
  readonly because: string;
}

/** Paths of the two places that nearly every mapper writes to. */
export const TEMPLATE = 'VirtualMachine/spec.template.spec';
export const DOMAIN = `${TEMPLATE}.domain`;

/** Collects in call order, which is the order of the report. One per mapped VM; never shared. */
export class Ledger {
  readonly #decisions: Decision[] = [];
  readonly #concerns: Concern[] = [];

  /** The guest sees the same as before. */
  kept(entry: Entry & { readonly to: string }): void {
    this.#note('kept', entry);
  }

  changed(entry: Entry & { readonly to: string }): void {
    this.#note('changed', entry);
  }

  /** Nothing at the source stands behind the field. */
  added(entry: Omit<Entry, 'was'> & { readonly to: string }): void {
    this.#note('added', entry);
  }

  /** The source's fact has no place on the target. An absent fact is not noted: nothing was lost. */
  dropped(entry: Omit<Entry, 'to' | 'value'> & { readonly from: string }): void {
    if (entry.was === undefined) return;
    this.#note('dropped', entry);
  }

  concern(id: MappingConcernId, subject: string, assessment: string): void {
    const { category, label } = MAPPING_CONCERNS[id];
    this.#concerns.push({ id, category, label, assessment, subject });
  }

  get decisions(): readonly Decision[] {
    return this.#decisions;
  }

  get concerns(): readonly Concern[] {
    return this.#concerns;
  }

  /** Written out case by case: this runs a hundred times a VM, and a spread costs more than all the rest. */
  #note(outcome: Decision['outcome'], entry: Entry): void {
    const { from = '', to = '', rule, because } = entry;
    const was = textOf(entry.was);
    const value = textOf(entry.value);
    if (was !== undefined && value !== undefined) this.#decisions.push({ from, to, outcome, was, value, rule, because });
    else if (was !== undefined) this.#decisions.push({ from, to, outcome, was, rule, because });
    else if (value !== undefined) this.#decisions.push({ from, to, outcome, value, rule, because });
    else this.#decisions.push({ from, to, outcome, rule, because });
  }
}

function textOf(fact: Fact): string | undefined {
  return fact === undefined || typeof fact === 'string' ? fact : String(fact);
}
