/**
 * Copies a disk that a server exports as one stream (vSphere's HttpNfcLease): a streamOptimized VMDK from its first byte to its last. There
 * is no way to ask for a part, so this is no DiskReader: a resumed copy reads the stream anew and leaves alone what is done.
 * Who grants the lease and keeps it alive is the provider; here the stream is read, and the lease is told how it ended.
 */
import type { Bandwidth } from '../../../contracts/bandwidth.ts';
import type { DiskExport, SourceAccess } from '../../../contracts/source-access.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { LeaseSource } from '../../../model/transfer.ts';
import { type Bytes, formatApart, roundUp } from '../../../model/units.ts';
import type { Landing } from '../../blocks/journaled-blocks.ts';
import { copyGrains, type GrainCopy } from '../../formats/vmdk/copy-grains.ts';
import { SECTOR } from '../../formats/vmdk/descriptor.ts';
import { GrainStream } from '../../formats/vmdk/grain-stream.ts';
import { UNLIMITED } from '../../limits/bandwidth.ts';
import { ByteReader } from '../../stream/byte-reader.ts';
import { download, Refused } from './download.ts';

/** A host that compresses a run of zeros may be silent for a while. */
const PATIENCE_MS = 60_000;

export interface LeaseCopyOptions extends Landing {
  /** Told of bytes in allocated grains as they are found on the target or reach it. Their sum is known only at the end. */
  readonly onBytes: (bytes: Bytes) => void;
  /** Asked for what the stream brings; nothing is held back when absent. */
  readonly bandwidth?: Bandwidth;
  /** Longest silence of the server in milliseconds; a minute when absent. */
  readonly patience?: number;
}

export interface LeaseCopy extends GrainCopy {
  readonly transport: string;
}

/**
 * Reads the export of one disk onto its target. Several disks of one VM may be read at the same time; they share a lease.
 * @throws MigrationError `disk-unreachable` when the server exports nothing; `source-read-failed`, `source-unreachable`, `source-untrusted`,
 *   `source-forbidden`; `image-malformed`, `image-truncated`, `capacity-smaller-than-image`; `target-full`, `target-write-failed`; `canceled`
 */
export async function copyLease(source: LeaseSource, access: SourceAccess, options: LeaseCopyOptions): Promise<LeaseCopy> {
  const { capacity } = source;
  const { signal, patience = PATIENCE_MS, bandwidth = UNLIMITED } = options;
  if (access.openExport === undefined) throw new MigrationError('disk-unreachable', 'This source exports no disks.');
  await using lease = await access.openExport(source, signal);
  const stream = limited(bytesOf(lease, access, { patience, signal }), bandwidth, signal);
  const reader = new ByteReader(stream);
  const onOffset = (offset: Bytes): void => lease.progress(offset / capacity);
  try {
    const image = await GrainStream.open(reader, roundUp(capacity, SECTOR));
    if (image.header.capacity < capacity) throw tooSmall(image.header.capacity, capacity);
    const copied = await copyGrains(image, { ...options, capacity, onOffset });
    await lease.complete();
    return { ...copied, transport: 'lease: the server exports the disk as a stream' };
  } finally {
    await stream.return(undefined);
  }
}

function tooSmall(image: Bytes, capacity: Bytes): MigrationError {
  const [held, whole] = formatApart(image, capacity);
  return new MigrationError('image-truncated', `The export holds only ${held}, the disk has ${whole}.`, {
    at: `${image} and ${capacity} bytes`,
  });
}

/** What has come waits until it may count: the server is held back by the full socket. */
async function* limited(
  stream: AsyncGenerator<Uint8Array, undefined>,
  bandwidth: Bandwidth,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  for await (const chunk of stream) {
    await bandwidth.take(chunk.length, signal);
    yield chunk;
  }
  return undefined;
}

/** The stream; with a renewed session where the first one is refused. */
async function* bytesOf(
  { url, trust }: DiskExport,
  access: SourceAccess,
  { patience, signal }: { readonly patience: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, undefined> {
  const headers = await access.headers(url, signal);
  try {
    yield* download(url, { trust, headers, patience, signal });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    yield* download(url, { trust, headers: await access.headers(url, signal, headers), patience, signal });
  }
  return undefined;
}
