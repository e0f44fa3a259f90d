/**
 * Names in an ISO image (ECMA-119, with Joliet's second tree where there is one), as far as one looks for folders in it: no contents are read.
 * Bounded in depth, in folders and in their sizes; a damaged image has no folders.
 */
import type { FileHandle } from 'node:fs/promises';

const SECTOR = 2_048;
const MAX_FOLDER = 1_048_576;
const MAX_FOLDERS = 512;

interface Extent {
  readonly sector: number;
  readonly length: number;
}

interface Tree {
  readonly label: string;
  readonly root: Extent;
  readonly isJoliet: boolean;
}

export interface IsoNames {
  /** Volume identifier: `virtio-win-0.1.240`. */
  readonly label: string;
  /** Paths of files and folders in lower case: `viostor/w10/amd64/viostor.inf`. */
  readonly paths: readonly string[];
}

/** Undefined when it is no ISO image. */
export async function isoNames(file: FileHandle, depth: number): Promise<IsoNames | undefined> {
  const tree = await bestTree(file);
  if (tree === undefined) return undefined;
  const paths: string[] = [];
  const waiting: { readonly path: string; readonly extent: Extent; readonly depth: number }[] = [
    { path: '', extent: tree.root, depth },
  ];
  for (let seen = 0; seen < MAX_FOLDERS; seen += 1) {
    const next = waiting.shift();
    if (next === undefined) break;
    for (const { name, extent, isFolder } of await entries(file, next.extent, tree.isJoliet)) {
      const path = `${next.path}${name}`;
      paths.push(path);
      if (isFolder && next.depth > 1) waiting.push({ path: `${path}/`, extent, depth: next.depth - 1 });
    }
  }
  return { label: tree.label, paths };
}

/** Names of the primary tree are cut and in capitals: Joliet's are better. */
async function bestTree(file: FileHandle): Promise<Tree | undefined> {
  let best: Tree | undefined;
  for (let sector = 16; sector < 32; sector += 1) {
    const bytes = await read(file, { sector, length: SECTOR });
    if (bytes.length < SECTOR || bytes.toString('latin1', 1, 6) !== 'CD001' || bytes[0] === 255) break;
    const isJoliet = bytes[0] === 2 && /^%\/[@CE]/.test(bytes.toString('latin1', 88, 91));
    if (bytes[0] !== 1 && !isJoliet) continue;
    const label = isJoliet ? undefined : bytes.toString('latin1', 40, 72).trim();
    best = { label: label ?? best?.label ?? '', root: extentOf(bytes.subarray(156)), isJoliet };
  }
  return best;
}

async function entries(
  file: FileHandle,
  extent: Extent,
  isJoliet: boolean,
): Promise<readonly { readonly name: string; readonly extent: Extent; readonly isFolder: boolean }[]> {
  const bytes = await read(file, { ...extent, length: Math.min(extent.length, MAX_FOLDER) });
  const found: { name: string; extent: Extent; isFolder: boolean }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    // Records do not cross sectors: what is left of one is filled with zeros.
    if (length === 0) at = (Math.floor(at / SECTOR) + 1) * SECTOR;
    else {
      const record = bytes.subarray(at, at + length);
      at += length;
      if (record.length < 34) continue;
      const name = nameIn(record.subarray(33, 33 + (record[32] ?? 0)), isJoliet);
      if (name !== '') found.push({ name, extent: extentOf(record), isFolder: ((record[25] ?? 0) & 2) !== 0 });
    }
  }
  return found;
}

/** Empty for the folder itself and the one above it. */
function nameIn(bytes: Buffer, isJoliet: boolean): string {
  if (bytes.length === 1 && (bytes[0] ?? 0) <= 1) return '';
  const text = isJoliet && bytes.length % 2 === 0 ? Buffer.from(bytes).swap16().toString('utf16le') : bytes.toString('latin1');
  return text.replace(/;\d+$/, '').replace(/\.$/, '').toLowerCase();
}

function extentOf(record: Buffer): Extent {
  return { sector: record.readUInt32LE(2), length: record.readUInt32LE(10) };
}

async function read(file: FileHandle, { sector, length }: Extent): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, sector * SECTOR);
  return buffer.subarray(0, bytesRead);
}
