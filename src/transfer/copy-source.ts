/** Which way a source goes. The ways themselves are in ways/. */
import type { ImageSource, PlannedTransfer } from '../model/transfer.ts';
import type { Bytes } from '../model/units.ts';
import { openSparse } from './copy-sparse.ts';
import { collectCells } from './engine/cells.ts';
import { limitReader } from './limits/limited-reader.ts';
import { openBlankReader } from './transports/blank-reader.ts';
import { openImageReader } from './transports/file/image-reader.ts';
import { openChain } from './transports/file/open-chain.ts';
import { openRange } from './transports/range/open-range.ts';
import { openShared } from './transports/smb/open-shared.ts';
import type { SharedOptions } from './transports/smb/shared-files.ts';
import { openVddk } from './transports/vddk/open-vddk.ts';
import { decoderWay } from './ways/decoder-way.ts';
import { digestsWay } from './ways/digests-way.ts';
import { leaseWay } from './ways/lease-way.ts';
import { readerWay } from './ways/reader-way.ts';
import { storedBytes, streamWay } from './ways/stream-way.ts';
import { accessOf, type Run, type Way } from './ways/way.ts';
import { openWorkspace } from './workspace.ts';

/** @throws MigrationError, many codes; see DiskCopier.copy */
export async function openWay(run: Run): Promise<Way> {
  const { bandwidth, clock, origins, workspace } = run;
  const { source } = run.job;
  const { signal } = run.options;
  switch (source.kind) {
    case 'blank':
      return readerWay(run, openBlankReader(source.capacity));
    case 'image':
      return source.digests === undefined
        ? await openImage(run, source)
        : await digestsWay(run, source.digests, (watched) => openImage(watched, source));
    case 'range':
      return readerWay(run, limitReader(await openRange(source, accessOf(run), { signal, clock, origins }), bandwidth));
    case 'shared-image':
      return readerWay(run, limitReader(await openShared(source, run.options.access, sharedOptions(run)), bandwidth));
    case 'lease':
      return leaseWay(run, source);
    case 'vddk':
      return readerWay(
        run,
        limitReader(await openVddk(source, accessOf(run), { ...run.vddk, workspace, name: 'vddk', signal }), bandwidth),
      );
  }
}

function sharedOptions({ clock, patience, options: { signal } }: Run): SharedOptions {
  return { signal, clock, ...(patience !== undefined && { patience }) };
}

async function openImage(run: Run, source: ImageSource): Promise<Way> {
  const { signal } = run.options;
  if (isCompressed(source)) return streamWay(run, source);
  const sparse = await openSparse(source, signal);
  if (sparse !== undefined) return decoderWay(run, sparse);
  const reader =
    (await openChain(source, signal)) ?? (await openImageReader(source, { workspace: run.workspace, name: 'source', signal }));
  return readerWay(run, limitReader(reader, run.bandwidth));
}

/**
 * What a disk will occupy at most. Of a gzip-compressed image only the compressed size is known beforehand: it is the least
 * that is needed.
 * @throws as openWay
 */
export async function measureSource(source: PlannedTransfer['source'], signal: AbortSignal): Promise<Bytes> {
  if (source.kind === 'blank') return 0;
  // How much of a remote disk is allocated is known only while it is read.
  if (source.kind !== 'image') return source.capacity;
  if (isCompressed(source)) return Math.min(source.capacity, storedBytes(source));
  await using sparse = await openSparse(source, signal);
  if (sparse !== undefined) return sparse.allocated;
  await using workspace = await openWorkspace();
  await using reader =
    (await openChain(source, signal)) ?? (await openImageReader(source, { workspace, name: 'measure', signal }));
  return (await collectCells(reader.allocated(signal), reader.size, signal)).bytes;
}

function isCompressed({ layers }: ImageSource): boolean {
  return layers.some(({ gzip }) => gzip !== undefined);
}
