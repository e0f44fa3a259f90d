/** Addresses as a guest reports them. */

/** Addresses that a guest gives itself and that end at its own wire: fe80::/10 and 169.254.0.0/16. */
export function isLinkLocal(address: string): boolean {
  return /^(fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);
}

/** `255.255.255.0`, `/64` or `64` as the length of a prefix; undefined for what is none of these. */
export function prefixOf(subnet: string | undefined): number | undefined {
  if (subnet === undefined) return undefined;
  const length = /^\/?(\d{1,3})$/.exec(subnet.trim());
  if (length !== null) return Number(length[1]) <= 128 ? Number(length[1]) : undefined;
  const parts = subnet.trim().split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  const bits = parts.map((part) => part.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}
