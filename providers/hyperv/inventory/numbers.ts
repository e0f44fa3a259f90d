/** Sizes come as decimal text, since some do not fit into a double. */

/** Undefined for what is unknown, and for what cannot be said exactly. */
export function wholeNumber(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Without zero, which stands for «no limit». */
export function positive(text: string | null | undefined): number | undefined {
  const value = wholeNumber(text);
  return value === 0 ? undefined : value;
}
