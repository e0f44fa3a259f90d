/** What a path is: by its content first, because files are renamed, then by its name. */
import { stat } from 'node:fs/promises';
import { openImage, unreadable } from './image/image-bytes.ts';
import { regularFile } from './image/regular-file.ts';
import { looksLikeTar } from './ova/tar-index.ts';

export type FileKind = 'ova' | 'ovf' | 'vmx' | 'image';

/** Enough for a tar header and the first lines of a text. */
const HEAD = 4096;

/** @throws MigrationError `source-not-found`, `source-unreadable`, `source-unrecognised` for a pipe or a device */
export async function sourceKind(path: string, signal: AbortSignal): Promise<FileKind | 'folder'> {
  signal.throwIfAborted();
  try {
    if ((await stat(path)).isDirectory()) return 'folder';
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const slice = await regularFile(path);
  await using bytes = await openImage({ name: path, slices: [slice] }, signal);
  return fileKind(path, await bytes.read(0, Math.min(HEAD, bytes.size)));
}

/** Kind of a regular file by its name and first bytes. What is neither package nor VMX is left to the image readers to judge. */
function fileKind(name: string, head: Buffer): FileKind {
  if (looksLikeTar(head)) return 'ova';
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase();
  if (isXml(head)) return 'ovf';
  if (extension === 'ova' || extension === 'ovf' || extension === 'vmx') return extension;
  return extension === 'vmtx' || isVmx(head) ? 'vmx' : 'image';
}

/** `<` as the first character, in UTF-8 or UTF-16, after a byte order mark and white space. */
function isXml(head: Buffer): boolean {
  const text = head.toString('latin1', 0, 64).replaceAll('\0', '');
  return /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<[?!A-Za-z]/.test(text);
}

function isVmx(head: Buffer): boolean {
  return /^\s*(?:\.encoding|config\.version|virtualHW\.version)\s*=\s*"/im.test(head.toString('latin1'));
}
