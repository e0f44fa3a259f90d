/** Labels that tie target objects to their VM. */

/** Of all labels and annotations that are ours. */
export const PREFIX = 'kubeferry.dev';

/** On everything that belongs to the VM. */
export function vmLabels(name: string): Readonly<Record<string, string>> {
  return { [`${PREFIX}/vm`]: name };
}
