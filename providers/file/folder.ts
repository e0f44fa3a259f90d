/**
 * A folder as a source: every package and every image in it and in the folders one level below, as a datastore keeps its VMs.
 * An image that belongs to a package or to another image (an extent, a parent) is no VM of its own.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { compareText } from '../../src/model/concern.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { FileSlice } from '../../src/model/transfer.ts';
import { fileInside } from './image/beside.ts';
import { unreadable } from './image/image-bytes.ts';
import { type ImageReferences, imageReferences } from './image/references.ts';
import { readText } from './vmx/read-vmx.ts';
import { vmxReferences } from './vmx/references.ts';

/** One VM of a folder: a package, or an image that stands alone. */
export interface FolderEntry {
  readonly kind: 'ova' | 'ovf' | 'vmx' | 'image';
  /** Absolute. */
  readonly path: string;
}

interface Candidate extends FolderEntry {
  /** Absolute paths of the files it names, whether they exist or not. */
  readonly names: readonly string[];
}

/** What lies beside VMs and is none, whatever it holds: memory, swap, logs, checksums, change maps, installation CDs. */
const BESIDE_VMS = /\.(vswp|vmem|vmss|vmsn|vmsd|vmxf|nvram|log|mf|cert|iso|lck|rct|mrt|vmcx|vmrs|vmgs|txt|md|json|ya?ml)$/i;

/**
 * Everything that `readVmx`, `readImageFile` and the package readers can be asked for, by name within each folder, the folder
 * itself first. What cannot be read is listed too: reading it then says why.
 * @throws MigrationError `source-not-found`, `source-unreadable`
 */
export async function* listFolder(path: string, signal: AbortSignal): AsyncGenerator<FolderEntry> {
  const root = resolve(path);
  const candidates: Candidate[] = [];
  const folders = [root];
  for (const folder of folders) {
    for (const entry of await sortedEntries(folder)) {
      signal.throwIfAborted();
      if (entry.isDirectory() && folder === root && !isHidden(entry.name)) folders.push(join(root, entry.name));
      const found = entry.isDirectory() ? undefined : await classify(root, join(folder, entry.name), signal);
      if (found !== undefined) candidates.push(found);
    }
  }
  const standing = standingAlone(candidates);
  for (const { kind, path: found } of candidates) {
    if (kind !== 'image' || standing.has(found)) yield { kind, path: found };
  }
}

async function sortedEntries(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.toSorted((a, b) => compareText(a.name, b.name));
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

/** Storage systems keep their own folders (`.snapshot`, `.sdd.sf`, `disk.lck`) among those of the VMs. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || /\.lck$/i.test(name) || name === 'lost+found';
}

async function classify(root: string, path: string, signal: AbortSignal): Promise<Candidate | undefined> {
  if (isHidden(basename(path)) || BESIDE_VMS.test(path)) return undefined;
  const slice = await regularFileInside(root, path);
  if (slice === undefined) return undefined;
  switch (extname(path).toLowerCase()) {
    case '.ova':
      return { kind: 'ova', path, names: [] };
    case '.ovf':
      return { kind: 'ovf', path, names: await namesIn(path, ovfReferences, signal) };
    case '.vmx':
    case '.vmtx':
      return { kind: 'vmx', path, names: await namesIn(path, vmxReferences, signal) };
    default:
      return describeImage(path, await imageReferences({ name: basename(path), slices: [slice], folder: root }, signal));
  }
}

/** A link out of the folder is not followed: it is nobody's VM here. */
async function regularFileInside(root: string, path: string): Promise<FileSlice | undefined> {
  try {
    return await fileInside(root, dirname(path), basename(path));
  } catch (cause) {
    if (cause instanceof MigrationError && cause.code === 'image-extent-unsafe') return undefined;
    throw cause;
  }
}

function describeImage(path: string, references: ImageReferences | undefined): Candidate | undefined {
  if (references === undefined) return undefined;
  return { kind: 'image', path, names: references.map((name) => resolve(dirname(path), name)) };
}

/** A package that cannot be parsed names nothing; it is listed, and reading it tells what is wrong. */
async function namesIn(path: string, read: (text: Buffer, file: string) => readonly string[], signal: AbortSignal) {
  try {
    return read(await readText(path, signal), basename(path)).map((name) => resolve(dirname(path), name));
  } catch (cause) {
    if (cause instanceof MigrationError) return [];
    throw cause;
  }
}

/** Good enough to know what belongs to an envelope; the OVF reader does the reading. */
function ovfReferences(text: Buffer): readonly string[] {
  const attributes = text.toString('utf8').matchAll(/\bhref\s*=\s*(?:"([^"]{1,1024})"|'([^']{1,1024})')/g);
  return [...attributes].map(([, double, single]) => decodeHref(double ?? single ?? ''));
}

function decodeHref(href: string): string {
  try {
    return decodeURIComponent(href.replaceAll('&amp;', '&'));
  } catch {
    return href;
  }
}

/** Images that no package and no other image needs. Of images that need each other in a circle, the first. */
function standingAlone(candidates: readonly Candidate[]): ReadonlySet<string> {
  const images = new Map(candidates.filter(({ kind }) => kind === 'image').map((image) => [image.path, image]));
  const covered = new Set<string>();
  function cover(paths: readonly string[]): void {
    const waiting = [...paths];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (covered.has(path)) continue;
      covered.add(path);
      waiting.push(...(images.get(path)?.names ?? []));
    }
  }
  for (const candidate of candidates) if (candidate.kind !== 'image') cover(candidate.names);
  const needed = new Set([...images.values()].flatMap(({ path, names }) => names.filter((name) => name !== path)));
  const standing = new Set<string>();
  for (const pass of ['tops', 'circles'] as const) {
    for (const path of images.keys()) {
      if (covered.has(path) || covered.has(wholeOf(path)) || (pass === 'tops' && needed.has(path))) continue;
      standing.add(path);
      cover([path]);
    }
  }
  return standing;
}

/** An envelope names a file in chunks by the whole: `disk.vmdk` for `disk.vmdk.000000000` and what follows (DSP0243 §7.1). */
function wholeOf(path: string): string {
  return path.replace(/\.\d{9}$/, '');
}
