/** CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), which VHDX uses; Node's zlib has CRC-32 only. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f6_3b78 : value >>> 1;
  return value;
});

/** Every checksum of VHDX counts its own place, the bytes 4 to 7 of its structure, as zeros. */
export function checksum(block: Buffer): number {
  let crc = -1;
  for (let at = 0; at < 8; at += 1) crc = step(crc, at < 4 ? (block[at] ?? 0) : 0);
  for (let at = 8; at < block.length; at += 1) crc = step(crc, block[at] ?? 0);
  return ~crc >>> 0;
}

function step(crc: number, byte: number): number {
  return (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
}

/** Whether a structure begins with its mark and its checksum is right. */
export function isWhole(block: Buffer, mark: string): boolean {
  return block.toString('latin1', 0, 4) === mark && block.readUInt32LE(4) === checksum(block);
}
