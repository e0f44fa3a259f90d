/** The header of a VirtualBox disk image, version 1.1, as VirtualBox and QEMU 7.2 (block/vdi.c) read it. Pure; little-endian. */
import { type Bytes, MiB } from '../../../src/model/units.ts';
import { guid, u64le } from './fields.ts';
import { checkCapacity, malformed, truncated, unsupported } from './trouble.ts';

const NO_UUID = '00000000-0000-0000-0000-000000000000';

export interface VdiHeader {
  readonly kind: 'dynamic' | 'fixed' | 'undo' | 'differencing';
  readonly capacity: Bytes;
  readonly map: { readonly offset: Bytes; readonly entries: number };
  readonly dataOffset: Bytes;
  readonly blockSize: Bytes;
  readonly blocksAllocated: number;
  readonly uuid: string;
  readonly parentUuid?: string;
}

export function isVdi(head: Buffer): boolean {
  return head.length >= 68 && head.readUInt32LE(64) === 0xbeda_107f;
}

/** @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `image-too-large` */
export function parseVdi(head: Buffer, file: string): VdiHeader {
  if (head.length < 512) throw truncated(file, 'its header is missing');
  if (head.readUInt32LE(68) !== 0x0001_0001) throw unsupported(file, 'this VDI version is unknown');
  const kind = ({ 1: 'dynamic', 2: 'fixed', 3: 'undo', 4: 'differencing' } as const)[head.readUInt32LE(76)];
  if (kind === undefined) throw unsupported(file, `VDI type ${head.readUInt32LE(76)} is unknown`);
  if (head.readUInt32LE(360) !== 512) throw unsupported(file, `VDI sectors of ${head.readUInt32LE(360)} bytes are unknown`);
  const capacity = checkCapacity(u64le(head, 368), file);
  const blockSize = head.readUInt32LE(376);
  if (blockSize !== MiB) throw unsupported(file, `VDI blocks of ${blockSize} bytes are unknown`);
  const entries = head.readUInt32LE(384);
  if (entries < Math.ceil(capacity / blockSize)) throw malformed(file, 'its block map is too small for the disk', 'byte 384');
  const link = guid(head, 424);
  const parentUuid = guid(head, 440);
  return {
    kind,
    capacity,
    map: { offset: head.readUInt32LE(340), entries },
    dataOffset: head.readUInt32LE(344),
    blockSize,
    blocksAllocated: head.readUInt32LE(388),
    uuid: guid(head, 392),
    ...((link !== NO_UUID || parentUuid !== NO_UUID) && { parentUuid: link === NO_UUID ? parentUuid : link }),
  };
}
