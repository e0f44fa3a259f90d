/** Texts of an envelope → numbers, booleans and units. Whoever calls decides whether an unreadable text is an error. */
import type { Bytes } from '../../../src/model/units.ts';

/** A factor of a base unit: `byte * 2^20` is 1,048,576 bytes, `hertz * 10^6` is one megahertz. */
export interface Unit {
  readonly base: 'byte' | 'hertz';
  readonly factor: number;
}

/**
 * Words for units. OVF 0.9 and many 1.x files say `MegaBytes` and mean 2^20 (VMware ovftool, VirtualBox, oVirt).
 * Keys are lower case.
 */
const WORDS: ReadonlyMap<string, Unit> = new Map([
  ...byteWords('', 1, ['byte', 'bytes', 'b']),
  ...byteWords('k', 2 ** 10, ['kilobytes', 'kilobyte']),
  ...byteWords('m', 2 ** 20, ['megabytes', 'megabyte']),
  ...byteWords('g', 2 ** 30, ['gigabytes', 'gigabyte']),
  ...byteWords('t', 2 ** 40, ['terabytes', 'terabyte']),
  ['hertz', { base: 'hertz', factor: 1 }],
  ['hz', { base: 'hertz', factor: 1 }],
  ['mhz', { base: 'hertz', factor: 10 ** 6 }],
  ['megahertz', { base: 'hertz', factor: 10 ** 6 }],
  ['ghz', { base: 'hertz', factor: 10 ** 9 }],
]);

function byteWords(letter: string, factor: number, long: readonly string[]): [string, Unit][] {
  const words = letter === '' ? long : [...long, `${letter}b`, `${letter}ib`];
  return words.map((word) => [word, { base: 'byte', factor }]);
}

/** Reads a unit: a word, or DMTF's form (DSP0004 annex C) `byte * 2^30`, `byte*1024`, `hertz * 10^6`. Undefined when unknown. */
export function parseUnit(text: string): Unit | undefined {
  const [word = '', ...factors] = text.trim().toLowerCase().split('*', 9);
  const base = WORDS.get(word.trim());
  if (base === undefined) return undefined;
  let factor = base.factor;
  for (const part of factors) {
    const match = /^\s*(\d{1,9})\s*(?:\^\s*(\d{1,2}))?\s*$/.exec(part);
    if (match === null) return undefined;
    factor *= Number(match[1]) ** Number(match[2] ?? 1);
  }
  return Number.isSafeInteger(factor) && factor > 0 ? { base: base.base, factor } : undefined;
}

/** A non-negative decimal integer, undefined for anything else. */
export function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\+?\d{1,16}\s*$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** `count` times a unit of bytes; undefined when the result is no exact number of bytes. */
export function toBytes(count: number, unit: Unit): Bytes | undefined {
  const bytes = count * unit.factor;
  return unit.base === 'byte' && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** xs:boolean plus the spellings that VMware's configuration keys use; undefined for anything else. */
export function parseFlag(text: string | undefined): boolean | undefined {
  switch (text?.trim().toLowerCase()) {
    case 'true':
    case '1':
    case 'yes':
      return true;
    case 'false':
    case '0':
    case 'no':
      return false;
    default:
      return undefined;
  }
}
