/** Whether a text is an IANA time zone. KubeVirt does not look, and a VM with a wrong one does not start. */

/** Asking Intl is dear (a fifth of the cost of mapping a VM), and a fleet has few zones. */
const KNOWN = new Map<string, boolean>();
const MAX_KNOWN = 1000;

export function isTimeZone(text: string): boolean {
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  const found = intlKnows(text);
  if (KNOWN.size < MAX_KNOWN) KNOWN.set(text, found);
  return found;
}

function intlKnows(text: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}
