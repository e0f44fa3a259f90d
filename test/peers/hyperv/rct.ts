/**
 * Resilient change tracking of one disk: which units were written in which sequence. A checkpoint ends a sequence; a reset forgets all and begins
 * under a new identity.
 */
import { guid } from './facts.ts';

export interface Range {
  /** Bytes of the virtual disk. */
  readonly offset: number;
  readonly length: number;
}

export class Rct {
  readonly #name: string;
  /** Bytes that one bit stands for. */
  readonly #granularity: number;
  #uuid = '';
  #sequence = 1;
  #resets = 0;
  #written = new Map<number, Set<number>>();

  /** @param name that its identity is made of */
  constructor(name: string, granularity: number) {
    this.#name = name;
    this.#granularity = granularity;
    this.reset();
  }

  /** Of what is written now. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Ids that were given out before are no longer known. */
  reset(): void {
    this.#resets += 1;
    this.#uuid = guid(`${this.#name} ${this.#resets}`);
    this.#sequence = 1;
    this.#written = new Map();
  }

  /** Ends a sequence, and says which. */
  close(): number {
    this.#sequence += 1;
    return this.#sequence - 1;
  }

  /** The id of the moment at which a sequence ended. */
  id(sequence: number): string {
    return `rctX:${this.#uuid.replaceAll('-', ':')}:${sequence.toString(16).padStart(8, '0')}`;
  }

  note(offset: number, length: number): void {
    if (length === 0) return;
    const units = this.#written.get(this.#sequence) ?? new Set();
    const last = Math.floor((offset + length - 1) / this.#granularity);
    for (let unit = Math.floor(offset / this.#granularity); unit <= last; unit += 1) units.add(unit);
    this.#written.set(this.#sequence, units);
  }

  /** Written after the moment of an id, up to the end of a sequence: ascending, whole units. Undefined where the id is not known. */
  since(id: string, until: number, capacity: number): readonly Range[] | undefined {
    const [, uuid, number = ''] = /^rctX:([0-9a-f:]{36}):([0-9a-f]{8})$/.exec(id) ?? [];
    const from = Number.parseInt(number, 16);
    if (uuid?.replaceAll(':', '-') !== this.#uuid || from > until) return undefined;
    const units = new Set<number>();
    for (let at = from + 1; at <= until; at += 1) for (const unit of this.#written.get(at) ?? []) units.add(unit);
    return this.#join(units, capacity);
  }

  #join(units: ReadonlySet<number>, capacity: number): readonly Range[] {
    const ranges: { offset: number; length: number }[] = [];
    for (const unit of [...units].sort((a, b) => a - b)) {
      const offset = unit * this.#granularity;
      const length = Math.min(this.#granularity, capacity - offset);
      const last = ranges.at(-1);
      if (last && last.offset + last.length === offset) last.length += length;
      else ranges.push({ offset, length });
    }
    return ranges;
  }
}
