/** CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), which VHDX uses; Node's zlib has CRC-32 only. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1;
  return value >>> 0;
});

/** Checksum of a block with its own four checksum bytes at `at` taken as zero. */
export function crc32c(block: Buffer, at: number): number {
  let crc = 0xffff_ffff;
  for (let index = 0; index < block.length; index += 1) {
    const byte = index >= at && index < at + 4 ? 0 : (block[index] ?? 0);
    crc = ((TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)) >>> 0;
  }
  return ~crc >>> 0;
}
