/** A short, stable fingerprint of a text, for names only: no security rests on it. */

const FNV_PRIME = 0x01000193;

/**
 * `length` lower-case hexadecimal digits (at most 16) of two 32-bit FNV-1a hashes with different starts. The same text gives the same
 * digits on every machine.
 */
export function shortHash(text: string, length: number): string {
  const digits = fnv1a(text, 0x811c9dc5) + fnv1a(text, 0x050c5d1f);
  return digits.slice(0, length);
}

function fnv1a(text: string, start: number): string {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
