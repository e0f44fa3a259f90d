/**
 * Where a file of the source is found from here. What the user says of its folder counts first; then shares of the host that has it: a share that
 * somebody made, else the administrative one of its drive.
 */
import { posix } from 'node:path';
import type { PathMapping } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { MountedFile, SmbFile } from '../../src/model/transfer.ts';
import type { Share, Volume } from './scripts/host-answer.ts';
import { longest, parseWindowsPath, shareOf, type WindowsPath } from './windows-path.ts';

/** A file, and why this is the way to it: words that follow a colon. */
export interface FoundFile {
  readonly file: SmbFile | MountedFile;
  readonly because: string;
}

/** A host that has the file on a volume of its own, or coordinates the cluster's volume that it lies on. */
export interface FileHost {
  /** By which it is reached from here. */
  readonly address: string;
  readonly shares: readonly Share[];
}

/** A folder of the source, and where that is. */
export interface MappedFolder {
  readonly from: WindowsPath;
  /** As the user wrote it. */
  readonly told: string;
  /** Where a file below it is. */
  readonly file: (below: readonly string[]) => SmbFile | MountedFile;
}

/** @throws MigrationError `config-invalid` */
export function readMappings(paths: readonly PathMapping[]): readonly MappedFolder[] {
  return paths.map(({ from, to }) => {
    const folder = parseWindowsPath(from);
    if (folder === undefined) throw invalid(`${from} is no absolute path of Windows, like C:\\VMs or \\\\server\\share\\folder.`);
    return { from: folder, told: from, file: targetOf(to) };
  });
}

/** @throws MigrationError `config-invalid` */
function targetOf(to: string): MappedFolder['file'] {
  const share = smbUrl(to) ?? uncFolder(to);
  if (share !== undefined) {
    return (below) => ({ ...share.place, path: [...share.parts, ...below].join('/') });
  }
  if (posix.isAbsolute(to) && !to.startsWith('//')) {
    const root = posix.normalize(to);
    return (below) => ({ kind: 'mounted', path: posix.join(root, ...below) });
  }
  throw invalid(
    `${to} is neither a share, like \\\\server\\share or smb://server[:port]/share, nor the absolute path of a mounted one.`,
  );
}

interface ShareFolder {
  readonly place: Omit<SmbFile, 'path'>;
  readonly parts: readonly string[];
}

function uncFolder(text: string): ShareFolder | undefined {
  const path = parseWindowsPath(text);
  const found = path === undefined ? undefined : shareOf(path);
  return path === undefined || found === undefined ? undefined : { place: { kind: 'smb', ...found }, parts: path.parts };
}

/** @throws MigrationError `config-invalid` for a URL that names no share */
function smbUrl(text: string): ShareFolder | undefined {
  if (!/^smb:\/\//i.test(text)) return undefined;
  const url = URL.parse(text);
  const path = url === null ? undefined : decodePath(url.pathname);
  const folder = path === undefined ? undefined : uncFolder(`\\\\server${path}`);
  if (url === null || url.hostname === '' || url.username !== '' || url.password !== '' || folder === undefined)
    throw invalid('A share is written as smb://server[:port]/share, without user and password.');
  const server = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    place: { ...folder.place, server, ...(url.port !== '' && { port: Number(url.port) }) },
    parts: folder.parts,
  };
}

function decodePath(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function invalid(what: string): MigrationError {
  return new MigrationError('config-invalid', `A path of the source cannot be mapped: ${what}`);
}

/** By what the user says of the folders of the source. */
export function mappedFile(path: WindowsPath, folders: readonly MappedFolder[]): FoundFile | undefined {
  const found = longest(path, folders, ({ from }) => from);
  if (found === undefined || found.rest.length === 0) return undefined;
  const { file, told } = found.candidate;
  return { file: file(found.rest), because: `${told} was said to be there` };
}

/** A path that names its server and share itself. */
export function namedFile(path: WindowsPath): FoundFile | undefined {
  const share = shareOf(path);
  if (share === undefined || path.parts.length === 0) return undefined;
  return { file: { kind: 'smb', ...share, path: path.parts.join('/') }, because: 'the host itself reads it from this share' };
}

/** By the shares of a host. */
export function sharedFile(path: WindowsPath, { address, shares }: FileHost): FoundFile | undefined {
  const folderOf = ({ path: folder }: Share): WindowsPath | undefined => parseWindowsPath(folder);
  const made = longest(
    path,
    shares.filter(({ special }) => !special),
    folderOf,
  );
  const found = made ?? longest(path, [...shares.filter(({ special }) => special), ...driveShare(path)], folderOf);
  if (found === undefined || found.rest.length === 0) return undefined;
  const { name, special } = found.candidate;
  return {
    file: { kind: 'smb', server: address, share: name, path: found.rest.join('/') },
    because: `${special ? 'the administrative share' : 'the share'} ${name} of ${address} leads to it`,
  };
}

/** Windows makes one of each drive, unless somebody forbids it; they may be hidden from the list. */
function driveShare({ root }: WindowsPath): readonly Share[] {
  const drive = /^([a-z]):$/.exec(root)?.[1]?.toUpperCase();
  return drive === undefined ? [] : [{ name: `${drive}$`, path: `${drive}:\\`, special: true }];
}

/** The node that coordinates the cluster's volume that a path lies on; others would send each read there. */
export function coordinator(path: WindowsPath, volumes: readonly Volume[]): string | undefined {
  const found = longest(path, volumes, (volume) => parseWindowsPath(volume.path));
  return found?.candidate.kind === 'csv' ? (found.candidate.owner ?? undefined) : undefined;
}
