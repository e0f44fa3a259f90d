/** References/File → where its bytes are: one file, or chunks that follow each other. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { Packaging } from '../../../src/model/packaging.ts';
import type { Bytes } from '../../../src/model/units.ts';
import type { FileEntry } from './envelope.ts';
import { namesOf, show } from './href.ts';
import type { PackageFile, PackageFiles } from './package.ts';
import { malformed, placeOf } from './xml.ts';

/** Most chunks of one file. */
const MAX_CHUNKS = 5000;

/** A declared file and what is there of it. */
export interface FoundFile {
  readonly entry: FileEntry;
  /** Its chunks, or itself; empty when it is missing. */
  readonly parts: readonly PackageFile[];
}

/**
 * Looks for all declared files. What is missing is no error yet: perhaps nothing needs it.
 * @throws MigrationError `href-unsafe`, `ovf-malformed` for chunks of the wrong size, `package-file-missing` for a gap between chunks
 */
export async function findFiles(
  entries: Iterable<FileEntry>,
  files: PackageFiles,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, FoundFile>> {
  const found = new Map<string, FoundFile>();
  for (const entry of entries) {
    signal.throwIfAborted();
    const names = namesOf(entry.href, entry.element);
    const parts =
      entry.chunkSize === undefined
        ? await findWhole(names, entry, files)
        : await findChunks(names, entry.chunkSize, entry, files);
    found.set(entry.id, { entry, parts });
  }
  return found;
}

async function findWhole(names: readonly string[], entry: FileEntry, files: PackageFiles): Promise<readonly PackageFile[]> {
  for (const name of names) {
    const part = await findPart(name, entry, files);
    if (part !== undefined) return [part];
  }
  return [];
}

/** `disk.vmdk.000000000`, `….000000001`, …: nine digits; all but the last have the chunk size (DSP0243 §7.1). */
async function findChunks(
  names: readonly string[],
  chunkSize: Bytes,
  entry: FileEntry,
  files: PackageFiles,
): Promise<readonly PackageFile[]> {
  const expected = entry.size === undefined ? undefined : Math.max(1, Math.ceil(entry.size / chunkSize));
  if (expected !== undefined && expected > MAX_CHUNKS)
    throw malformed(entry.element, `${show(entry.href)} has more than ${MAX_CHUNKS} chunks`);
  for (const name of names) {
    const parts: PackageFile[] = [];
    while (parts.length < (expected ?? MAX_CHUNKS)) {
      const part = await findPart(`${name}.${String(parts.length).padStart(9, '0')}`, entry, files);
      if (part === undefined) break;
      parts.push(part);
    }
    if (parts.length === 0) continue;
    if (expected !== undefined && parts.length < expected)
      throw missing(entry, `chunk ${parts.length} of ${expected} of ${show(entry.href)}`);
    const odd = parts.findIndex(
      ({ slice }, index) => slice.length > chunkSize || (index < parts.length - 1 && slice.length !== chunkSize),
    );
    if (odd >= 0)
      throw malformed(
        entry.element,
        `Chunk ${odd} of ${show(entry.href)} does not have the declared chunk size of ${chunkSize} bytes`,
      );
    return parts;
  }
  return [];
}

async function findPart(name: string, entry: FileEntry, files: PackageFiles): Promise<PackageFile | undefined> {
  try {
    const slice = await files.find(name);
    return slice && { name, slice };
  } catch (cause) {
    if (!(cause instanceof MigrationError) || cause.code !== 'image-extent-unsafe') throw cause;
    throw new MigrationError('href-unsafe', `${show(entry.href)} leads out of the package's folder, or is no plain file`, {
      ...placeOf(entry.element),
      cause,
    });
  }
}

function missing(entry: FileEntry, what: string): MigrationError {
  return new MigrationError('package-file-missing', `The package lacks ${what}`, placeOf(entry.element));
}

/** The parts of a file that a disk needs. @throws MigrationError `package-file-missing` */
export function needParts({ entry, parts }: FoundFile): readonly [PackageFile, ...PackageFile[]] {
  const [first, ...rest] = parts;
  if (first === undefined) throw missing(entry, show(entry.href));
  return [first, ...rest];
}

/** Files whose declared ovf:size is not their real one. */
export function sizeMismatches(found: Iterable<FoundFile>): NonNullable<Packaging['sizeMismatches']> {
  return [...found].flatMap(({ entry, parts }) => {
    const actual = parts.reduce((sum, part) => sum + part.slice.length, 0);
    if (entry.size === undefined || parts.length === 0 || actual === entry.size) return [];
    return [{ file: entry.href, declared: entry.size, actual }];
  });
}
