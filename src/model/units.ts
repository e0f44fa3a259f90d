/**
 * Units that are parsed once at the boundary and trusted afterwards.
 */

/** A count of bytes: a non-negative safe integer (up to 2^53 - 1, eight pebibytes). */
export type Bytes = number;

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

/** The largest disk that any supported source can hold: 64 TiB, the limit of VHDX (vSphere stops at 62 TB). */
export const MAX_DISK_BYTES: Bytes = 64 * TiB;

/** A MAC address in lower-case colon form. */
export type MacAddress = string & { readonly __unit: 'MacAddress' };

/** Reads a MAC written with colons, dashes, dots (Cisco) or nothing; undefined when it is none. */
export function parseMac(text: string): MacAddress | undefined {
  const digits = text.trim().toLowerCase().replaceAll(/[:.-]/g, '');
  if (!/^[0-9a-f]{12}$/.test(digits)) return undefined;
  return digits.replaceAll(/(..)(?=.)/g, '$1:') as MacAddress;
}

/** A UUID in lower-case dashed form. */
export type Uuid = string & { readonly __unit: 'Uuid' };

/** Reads a UUID with dashes, braces, `urn:uuid:`, or VMware's spaced form `56 4d 12 … -ab …`; undefined when it is none. */
export function parseUuid(text: string): Uuid | undefined {
  const digits = text
    .trim()
    .toLowerCase()
    .replace(/^urn:uuid:/, '')
    .replaceAll(/[\s{}-]/g, '');
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined;
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  ) as Uuid;
}

/** Rounds up to a multiple of `unit`. */
export function roundUp(bytes: Bytes, unit: Bytes): Bytes {
  return Math.ceil(bytes / unit) * unit;
}

/**
 * A Kubernetes quantity that says exactly `bytes`, in the largest binary unit that divides it: `20Gi`, `1537Mi`, `12345`.
 * (Kubernetes resource.Quantity, binary suffixes.)
 */
export function toQuantity(bytes: Bytes): string {
  const suffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti'];
  let value = bytes;
  let index = 0;
  while (value > 0 && value % 1024 === 0 && index < suffixes.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${value}${suffixes[index]}`;
}

/** Bytes for people: three significant digits and a binary unit, `1.50 GiB`; exact below 1 KiB. */
export function formatBytes(bytes: Bytes): string {
  if (bytes < KiB) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes / KiB;
  let index = 0;
  while (value >= 1023.995 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[index]}`;
}

/** Two counts that differ, as different texts: in whole bytes where they would read the same. */
export function formatApart(a: Bytes, b: Bytes): readonly [string, string] {
  const [first, second] = [formatBytes(a), formatBytes(b)];
  return first === second ? [`${a} bytes`, `${b} bytes`] : [first, second];
}
