/**
 * Finds the grains of a sparse VMDK through its directory and tables, in place. Tables are read in windows of 4 GiB of disk
 * (of 64 KiB grains), so memory does not grow with the disk.
 */
import { MigrationError } from '../../../model/errors.ts';
import type { Bytes } from '../../../model/units.ts';
import { checkCanceled } from '../../cancellation.ts';
import type { SourceBytes } from '../../source-bytes.ts';
import { SECTOR } from './descriptor.ts';
import { parseHeader, parseMarker, type SparseHeader } from './header.ts';

/** Grains looked at together; a power of two, so that whole 1 MiB blocks lie in one window. */
const WINDOW_GRAINS = 65_536;
/** Footer marker, footer, end-of-stream marker. */
const FOOTER_BYTES = 3 * SECTOR;

/** A sparse VMDK whose directory was found. */
export interface SparseLayout extends SparseHeader {
  readonly directory: Bytes;
}

/** Grains `first`, `first + 1`, … and the sector of the image at which each stands: 0 and 1 are grains of zeros. */
export interface GrainWindow {
  readonly first: number;
  readonly sectors: Uint32Array;
}

/**
 * Reads header and footer. Undefined for what is not a hosted sparse VMDK of a kind that we decode: qemu is to look at it.
 * @throws MigrationError `image-malformed`, `image-truncated`
 */
export async function readLayout(bytes: SourceBytes): Promise<SparseLayout | undefined> {
  if (bytes.size < SECTOR) return undefined;
  const head = await bytes.read(0, SECTOR);
  if (head.toString('latin1', 0, 4) !== 'KDMV') return undefined;
  const header = readable(head);
  if (header === undefined) return undefined;
  const directory = header.directory ?? (await directoryFromFooter(bytes, header));
  const tables = Math.ceil(header.capacity / header.grainBytes / header.tableEntries);
  if (directory < SECTOR) throw malformed('it has no grain directory');
  if (directory + tables * 4 > bytes.size) throw truncated('its grain directory is missing');
  return { ...header, directory };
}

function readable(head: Buffer): SparseHeader | undefined {
  try {
    return parseHeader(head);
  } catch (error) {
    if (error instanceof MigrationError && error.code === 'image-unsupported') return undefined;
    throw error;
  }
}

async function directoryFromFooter(bytes: SourceBytes, header: SparseHeader): Promise<Bytes> {
  if (bytes.size < SECTOR + FOOTER_BYTES) throw truncated('its footer is missing');
  const end = await bytes.read(bytes.size - FOOTER_BYTES, FOOTER_BYTES);
  const closed = parseMarker(end).kind === 'footer' && parseMarker(end.subarray(2 * SECTOR)).kind === 'end';
  if (!closed) throw truncated('its footer is missing');
  const footer = parseHeader(end.subarray(SECTOR, 2 * SECTOR));
  const same = (['capacity', 'grainBytes', 'tableEntries', 'stream'] as const).every((name) => footer[name] === header[name]);
  if (!same) throw malformed('header and footer contradict each other');
  if (footer.directory === undefined) throw malformed('it has no grain directory');
  return footer.directory;
}

/**
 * Bytes of [0, end) in allocated grains. Looks at every table, so that what lies outside of the image, or cannot all
 * be in it, is found before anything is written.
 * @throws MigrationError `image-malformed`, `image-truncated`, `canceled`
 */
export async function countGrains(bytes: SourceBytes, layout: SparseLayout, end: Bytes, signal: AbortSignal): Promise<Bytes> {
  const least = layout.stream ? SECTOR : layout.grainBytes;
  const lastSector = Math.floor((bytes.size - 1) / SECTOR);
  let grains = 0;
  let allocated = 0;
  for await (const { first, sectors } of grainWindows(bytes, layout, signal)) {
    for (let index = 0; index < sectors.length; index += 1) {
      const sector = sectors[index] ?? 0;
      if (sector <= 1) continue;
      if (sector > lastSector) throw truncated('a grain is missing');
      grains += 1;
      allocated += Math.max(0, Math.min(layout.grainBytes, end - (first + index) * layout.grainBytes));
    }
    // The last grain of the disk may be short.
    if ((grains - 1) * least > bytes.size) throw malformed('several grains lie in one place');
  }
  return allocated;
}

/**
 * Windows in the order of the disk; those without any table are passed over. The typed array is used again for the next window.
 * @throws MigrationError `image-malformed`, `image-truncated`, `canceled`
 */
export async function* grainWindows(
  bytes: SourceBytes,
  layout: SparseLayout,
  signal: AbortSignal,
): AsyncGenerator<GrainWindow, undefined> {
  const count = Math.ceil(layout.capacity / layout.grainBytes);
  const all = new Uint32Array(Math.min(WINDOW_GRAINS, count));
  let tables = 0;
  for (let first = 0; first < count; first += WINDOW_GRAINS) {
    checkCanceled(signal);
    const sectors = all.subarray(0, Math.min(WINDOW_GRAINS, count - first)).fill(0);
    const found = await loadWindow(bytes, layout, first, sectors);
    tables += found;
    // A table at the edge of two windows was counted in both.
    const different = tables - first / WINDOW_GRAINS;
    if (different * layout.tableEntries * 4 > bytes.size) throw malformed('several grain tables lie in one place');
    if (found > 0) yield { first, sectors };
  }
  return undefined;
}

/** Fills `sectors` from the tables of its grains; tables that follow each other are read together. Returns how many there are. */
async function loadWindow(bytes: SourceBytes, layout: SparseLayout, first: number, sectors: Uint32Array): Promise<number> {
  const { tableEntries, directory } = layout;
  const firstTable = Math.floor(first / tableEntries);
  const tables = Math.ceil((first + sectors.length) / tableEntries) - firstTable;
  const entries = await bytes.read(directory + firstTable * 4, tables * 4);
  const place = (table: number): Bytes => (table < tables ? entries.readUInt32LE(table * 4) * SECTOR : 0);
  let found = 0;
  for (let table = 0; table < tables; ) {
    const at = place(table);
    let run = 1;
    if (at > 0) {
      while (place(table + run) === at + run * tableEntries * 4) run += 1;
      if (at + run * tableEntries * 4 > bytes.size) throw truncated('a grain table is missing');
      const words = await bytes.read(at, run * tableEntries * 4);
      const start = (firstTable + table) * tableEntries - first;
      const from = Math.max(0, -start);
      const to = Math.min(run * tableEntries, sectors.length - start);
      for (let word = from; word < to; word += 1) sectors[start + word] = words.readUInt32LE(word * 4);
      found += run;
    }
    table += run;
  }
  return found;
}

function malformed(what: string): MigrationError {
  return new MigrationError('image-malformed', `The VMDK is damaged: ${what}.`);
}

function truncated(what: string): MigrationError {
  return new MigrationError('image-truncated', `The VMDK ends too early: ${what}.`);
}
