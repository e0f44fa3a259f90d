/** The name that somebody may have meant. */

const MAX_DISTANCE = 2;
/** A fleet has many names; a hint is worth this much looking. */
const MAX_LOOKED_AT = 1000;
const MAX_LENGTH = 100;

/** The name that differs by case only, else by at most two letters; undefined when none does. */
export function nearest(wanted: string, names: Iterable<string>): string | undefined {
  const folded = wanted.toLowerCase();
  if (folded.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = MAX_DISTANCE + 1;
  let looked = 0;
  for (const name of names) {
    looked += 1;
    if (looked > MAX_LOOKED_AT) break;
    const distance = editDistance(folded, name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return bestDistance <= folded.length / 2 ? best : undefined;
}

/** Levenshtein's distance; anything above the limit is only known to be above it. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return MAX_DISTANCE + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
