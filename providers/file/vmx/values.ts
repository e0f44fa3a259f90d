/** The entries of a VMX by kind of value. What was asked for is remembered, so that the rest can be told as extras. */
import type { VmxEntry } from './parse-vmx.ts';

export interface VmxValues {
  /** Undefined when the key is missing or its value empty. */
  text(key: string): string | undefined;
  /** `TRUE`, `FALSE`, `yes`, `no`, `1`, `0` in any case; undefined for anything else. */
  flag(key: string): boolean | undefined;
  /** A decimal number of zero or more; undefined for anything else (`unlimited`, `-1`). */
  whole(key: string): number | undefined;
  /** The meaning of the value in lower case; undefined for a word that is not among `words`. */
  word<T>(key: string, words: Readonly<Record<string, T>>): T | undefined;
  /** True when the key is there, whatever its value. */
  has(key: string): boolean;
  /** Numbers that a prefix comes with, ascending: `ethernet` → 0, 1, 4. */
  indices(prefix: string): readonly number[];
  /** Lower-case keys, in the order of the text. */
  keys(): readonly string[];
  /** Entries that nothing asked for so far. */
  left(): readonly VmxEntry[];
}

/** @param entries by lower-case key */
export function vmxValues(entries: ReadonlyMap<string, VmxEntry>): VmxValues {
  const asked = new Set<string>();
  const all = [...entries.keys()];
  function text(key: string): string | undefined {
    const found = entries.get(key.toLowerCase())?.value.trim();
    return found === '' ? undefined : found;
  }
  /** A value that has no meaning as what was asked for stays in the rest: nothing is lost. */
  function take<T>(key: string, value: T | undefined): T | undefined {
    if (value !== undefined) asked.add(key.toLowerCase());
    return value;
  }
  return {
    text: (key) => take(key, text(key)),
    flag: (key) => take(key, parseFlag(text(key))),
    whole: (key) => take(key, parseWhole(text(key))),
    word: (key, words) => {
      const found = text(key)?.toLowerCase() ?? '';
      return take(key, Object.hasOwn(words, found) ? words[found] : undefined);
    },
    has: (key) => entries.has(key.toLowerCase()),
    indices: (prefix) => {
      const pattern = new RegExp(`^${prefix}(\\d{1,3})[.:]`);
      const found = all.flatMap((key) => pattern.exec(key)?.[1] ?? []).map(Number);
      return [...new Set(found)].toSorted((a, b) => a - b);
    },
    keys: () => all,
    left: () => all.flatMap((key) => (asked.has(key) ? [] : (entries.get(key) ?? []))),
  };
}

function parseFlag(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  return undefined;
}

function parseWhole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
