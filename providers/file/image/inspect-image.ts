/** Opens one image, finds out what it is and lets the reader of its format speak. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { ImageFormat } from '../../../src/model/transfer.ts';
import type { ImageLocation } from '../seam.ts';
import { type ImageBytes, openImage } from './image-bytes.ts';
import { inspectQcow2 } from './inspect-qcow2.ts';
import { inspectRaw } from './inspect-raw.ts';
import { inspectVdi } from './inspect-vdi.ts';
import { inspectVhd } from './inspect-vhd.ts';
import { inspectVhdx } from './inspect-vhdx.ts';
import { inspectSparseVmdk } from './inspect-vmdk.ts';
import { inspectVmdkDescriptor } from './inspect-vmdk-descriptor.ts';
import type { Inspected } from './inspection.ts';
import { type ImageKind, identifyImage, MAGIC_HEAD } from './magic.ts';
import { malformed, truncated, unsupported } from './trouble.ts';
import { SECTOR } from './vmdk-sparse.ts';

/**
 * @param format what a child says its parent is: a raw parent is not looked into
 * @throws MigrationError `source-unrecognised`, `image-…`, `gzip-…`, `source-unreadable`
 */
export async function inspectImage(location: ImageLocation, signal: AbortSignal, format?: ImageFormat): Promise<Inspected> {
  await using bytes = await openImage(location, signal);
  if (format === 'raw') return inspectRaw(location, bytes);
  const { kind, head } = await recognise(location, bytes);
  const found = await inspectKind(kind, { location, bytes, head, signal });
  if (format !== undefined && found.layer.format !== format) {
    throw malformed(bytes.name, `it is ${found.layer.format} where its child says ${format}`);
  }
  return found;
}

/** @throws MigrationError `source-unrecognised` */
export async function recognise(location: ImageLocation, bytes: ImageBytes): Promise<{ kind: ImageKind; head: Buffer }> {
  const { name } = bytes;
  const head = await bytes.read(0, Math.min(bytes.readable, MAGIC_HEAD));
  const hasTail = bytes.readable === bytes.size && bytes.size >= SECTOR;
  const tail = hasTail ? await bytes.read(bytes.size - SECTOR, SECTOR) : undefined;
  const kind = identifyImage({
    name,
    head,
    ...(tail !== undefined && { tail }),
    ...(location.formatHint !== undefined && { hint: location.formatHint }),
  });
  if (typeof kind === 'object') {
    throw new MigrationError('source-unrecognised', `${name} is no disk image: ${kind.not}`, { file: name });
  }
  return { kind, head };
}

export interface Look {
  readonly location: ImageLocation;
  readonly bytes: ImageBytes;
  readonly head: Buffer;
  readonly signal: AbortSignal;
}

/** @throws MigrationError `image-…` */
export async function inspectKind(kind: ImageKind, { location, bytes, head, signal }: Look): Promise<Inspected> {
  if (kind !== 'vmdk-descriptor' && kind !== 'raw' && head.length < SECTOR) throw truncated(bytes.name, 'its header is missing');
  switch (kind) {
    case 'vmdk-sparse':
      return await inspectSparseVmdk(location, bytes, head);
    case 'vmdk-descriptor':
      return await inspectVmdkDescriptor(location, bytes, signal);
    case 'vmdk-part':
      throw unsupported(bytes.name, 'this is a part of a VMware disk', 'Give the descriptor file that names it.');
    case 'vhd':
      return await inspectVhd(location, bytes, head);
    case 'vhdx':
      return await inspectVhdx(location, bytes);
    case 'qcow2':
      return await inspectQcow2(location, bytes);
    case 'vdi':
      return await inspectVdi(location, bytes, head);
    case 'raw':
      return inspectRaw(location, bytes);
  }
}
