/**
 * Disk files of simulated guests under `/folder`: descriptors, and the base's flat file with Range. A file that a running VM writes is locked,
 * a frozen one is not. A delta is served as bytes that are no raw disk, so that whoever takes it for one is found out.
 */
import type { SimulatedDisk } from './disk.ts';
import type { SimulatedGuest } from './guest.ts';
import type { Machines } from './machines.ts';
import type { Answer } from './soap.ts';
import type { Incoming } from './upstream.ts';

export interface DatastoreRules {
  /** HTTP status for a locked file; 500 when absent. */
  readonly lockedStatus?: 404 | 500;
  /** The server ignores Range, as some do; false when absent. */
  readonly ignoreRange?: boolean;
}

/** What a file has to offer. */
interface Bytes {
  readonly length: number;
  read(start: number, end: number): Buffer;
}

const DELTA = bytesOf(Buffer.alloc(64 * 1024, 'no raw disk '));
const NOT_FOUND: Answer = { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found' };

/** Undefined for files of no simulated guest. */
export function serveFile(request: Incoming, machines: Machines, rules: DatastoreRules): Answer | undefined {
  const url = new URL(request.path, 'http://x');
  const path = decodeURIComponent(url.pathname.replace(/^\/folder\//, ''));
  const file = `[${url.searchParams.get('dsName')}] ${path}`;
  for (const guest of machines.guests.values()) {
    for (const disk of guest.everyDisk) {
      const found = disk.chain.find((descriptor) => file === descriptor || extents(descriptor).includes(file));
      if (found === undefined) continue;
      if (file === found) return ranged(request, { bytes: bytesOf(Buffer.from(descriptor(disk, found))) }, rules);
      const bytes = content(disk, found, guest.on && guest.disks.includes(disk));
      if (!bytes)
        return {
          status: rules.lockedStatus ?? 500,
          headers: { 'content-type': 'text/plain' },
          body: 'Unable to access file since it is locked',
        };
      return ranged(request, { bytes, mark: disk.mark }, rules);
    }
    // The simulator still has files that were moved or merged away.
    if (path.endsWith('.vmdk') && request.method !== 'PUT' && inFolderOf(guest, path)) return NOT_FOUND;
  }
  return undefined;
}

function inFolderOf(guest: SimulatedGuest, path: string): boolean {
  return guest.everyDisk.some(
    ({ baseFile }) => baseFile.replace(/^\[[^\]]*\] ?/, '').replace(/[^/]*$/, '') === path.replace(/[^/]*$/, ''),
  );
}

function bytesOf(bytes: Buffer): Bytes {
  return { length: bytes.length, read: (start, end) => bytes.subarray(start, end) };
}

function extents(file: string): readonly string[] {
  return [file.replace(/\.vmdk$/, '-flat.vmdk'), file.replace(/\.vmdk$/, '-sesparse.vmdk')];
}

function content(disk: SimulatedDisk, file: string, running: boolean): Bytes | undefined {
  const written = file === disk.file;
  if (written && running) return undefined;
  if (file !== disk.baseFile) return DELTA;
  if (!written) return disk.frozenBase;
  return { length: disk.capacity, read: (start, end) => disk.read(start, end) };
}

function descriptor(disk: SimulatedDisk, file: string): string {
  const delta = file !== disk.baseFile;
  const name = file.replace(/^.*[/\]] ?/, '').replace(/\.vmdk$/, '');
  const parent = disk.chain[disk.chain.indexOf(file) - 1]?.replace(/^.*[/\]] ?/, '');
  const lines = [
    '# Disk DescriptorFile',
    'version=4',
    'encoding="UTF-8"',
    `CID=${delta ? 'fffffffe' : '0badcafe'}`,
    `parentCID=${delta ? '0badcafe' : 'ffffffff'}`,
    `createType="${delta ? 'seSparse' : 'vmfs'}"`,
    ...(delta ? [`parentFileNameHint="${parent}"`] : []),
    '',
    `RW ${disk.capacity / 512} ${delta ? 'SESPARSE' : 'VMFS'} "${name}-${delta ? 'sesparse' : 'flat'}.vmdk"`,
    '',
    'ddb.adapterType = "lsilogic"',
  ];
  return `${lines.join('\n')}\n`;
}

function ranged(
  request: Incoming,
  { bytes, mark }: { readonly bytes: Bytes; readonly mark?: string },
  rules: DatastoreRules,
): Answer {
  const tag: Readonly<Record<string, string>> = mark === undefined ? {} : { etag: mark };
  const common = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes', ...tag };
  const range = rules.ignoreRange ? null : /^bytes=(\d*)-(\d*)$/.exec(request.headers['range'] ?? '');
  if (!range) return { status: 200, headers: common, body: bytes.read(0, bytes.length) };
  const [, first = '', last = ''] = range;
  const start = first === '' ? Math.max(0, bytes.length - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes.length : Math.min(bytes.length, Number(last) + 1);
  if (start >= end) return { status: 416, headers: { ...common, 'content-range': `bytes */${bytes.length}` }, body: '' };
  const headers = { ...common, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` };
  return { status: 206, headers, body: bytes.read(start, end) };
}
