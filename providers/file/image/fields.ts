/** Header fields as numbers and text. A 64-bit value above 2^53 comes out rounded: still huge, and refused by every bound it is held against. */
export function u64le(buffer: Buffer, offset: number): number {
  return Number(buffer.readBigUInt64LE(offset));
}

export function u64be(buffer: Buffer, offset: number): number {
  return Number(buffer.readBigUInt64BE(offset));
}

/** A GUID as Microsoft stores it: the first three groups little-endian. */
export function guid(buffer: Buffer, offset: number): string {
  const hex = (from: number, to: number) => buffer.toString('hex', offset + from, offset + to);
  const swapped = (from: number, to: number) =>
    Buffer.from(buffer.subarray(offset + from, offset + to))
      .reverse()
      .toString('hex');
  return `${swapped(0, 4)}-${swapped(4, 6)}-${swapped(6, 8)}-${hex(8, 10)}-${hex(10, 16)}`;
}
