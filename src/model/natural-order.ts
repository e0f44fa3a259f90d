/** Names as people sort them: vm-2 comes before vm-10. */
const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Total: names that people would take for equal follow each other by their characters. */
export function compareNames(a: string, b: string): number {
  const order = COLLATOR.compare(a, b);
  if (order !== 0 || a === b) return order;
  return a < b ? -1 : 1;
}
