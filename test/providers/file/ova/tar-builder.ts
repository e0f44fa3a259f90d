/** Writes tar archives byte by byte, good ones and bad ones, in the three flavours that exporters use. */

export interface TarMember {
  readonly name: string;
  readonly data?: Buffer | string;
  /** Type flag, `0` (a regular file) by default. */
  readonly type?: string;
  readonly link?: string;
  /** Size written instead of the real one. */
  readonly size?: number;
  readonly prefix?: string;
  readonly mode?: 'octal' | 'base256';
  /** Written instead of the right checksum. */
  readonly checksum?: number;
}

export type TarFlavour = 'ustar' | 'pax' | 'gnu' | 'v7';

export interface TarOptions {
  readonly flavour?: TarFlavour;
  /** Zero blocks at the end, 2 by default. */
  readonly endBlocks?: number;
}

const MAGIC: Readonly<Record<TarFlavour, string>> = { ustar: 'ustar\x0000', pax: 'ustar\x0000', gnu: 'ustar  \0', v7: '' };

/** A whole archive. Long names get a pax record or a GNU long-name member, as the flavour does it. */
export function buildTar(members: readonly TarMember[], { flavour = 'ustar', endBlocks = 2 }: TarOptions = {}): Buffer {
  const blocks = members.flatMap((member) => [...longName(member, flavour), ...memberBlocks(member, flavour)]);
  return Buffer.concat([...blocks, Buffer.alloc(512 * endBlocks)]);
}

/** The header and data of one member, padded. */
export function memberBlocks(member: TarMember, flavour: TarFlavour = 'ustar'): readonly Buffer[] {
  const data = Buffer.from(member.data ?? '');
  return [header(member, data.length, flavour), data, Buffer.alloc((512 - (data.length % 512)) % 512)];
}

/** One pax record with its own length in front. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = Buffer.byteLength(rest);
  while (`${length}`.length + Buffer.byteLength(rest) !== length) length = `${length}`.length + Buffer.byteLength(rest);
  return `${length}${rest}`;
}

function longName({ name }: TarMember, flavour: TarFlavour): readonly Buffer[] {
  if (Buffer.byteLength(name) <= 100) return [];
  if (flavour === 'pax') return memberBlocks({ name: 'PaxHeaders/x', type: 'x', data: paxRecord('path', name) });
  if (flavour === 'gnu') return memberBlocks({ name: '././@LongLink', type: 'L', data: `${name}\0` }, 'gnu');
  return [];
}

function header(member: TarMember, length: number, flavour: TarFlavour): Buffer {
  const block = Buffer.alloc(512);
  block.write(member.name, 0, 100, 'utf8');
  block.write('0000644\0', 100, 'latin1');
  block.write('0000000\0', 108, 'latin1');
  block.write('0000000\0', 116, 'latin1');
  writeSize(block, member.size ?? length, member.mode ?? 'octal');
  block.write('14000000000\0', 136, 'latin1');
  block.write(member.type ?? '0', 156, 'latin1');
  block.write(member.link ?? '', 157, 100, 'utf8');
  block.write(MAGIC[flavour], 257, 'latin1');
  if (member.prefix !== undefined) block.write(member.prefix, 345, 155, 'utf8');
  block.fill(' ', 148, 156);
  const sum = member.checksum ?? block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeSize(block: Buffer, size: number, mode: 'octal' | 'base256'): void {
  if (mode === 'octal') {
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
    return;
  }
  block[124] = 0x80;
  block.writeBigUInt64BE(BigInt(size), 128);
}
