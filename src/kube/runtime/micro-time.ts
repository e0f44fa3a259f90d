/** metav1.MicroTime: six decimals, no more and no fewer. @param milliseconds since the epoch */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
