/**
 * The text part of a VMDK (VMware "Virtual Disk Format 5.0", section "The Descriptor File"), as its own file or embedded in a
 * sparse extent. Pure. A line that cannot be understood is an error:
 * a reader that leaves out an extent shifts the disk.
 */
import type { Disk } from '../../../src/model/vm.ts';
import { decodeText } from '../vmx/text.ts';
import { malformed } from './trouble.ts';

/** QEMU 7.2 reads no more of a descriptor. */
export const MAX_VMDK_DESCRIPTOR = 1024 * 1024 - 1;

export interface VmdkExtent {
  readonly access: 'RW' | 'RDONLY' | 'NOACCESS';
  readonly sectors: number;
  /** `FLAT`, `SPARSE`, `ZERO`, `VMFS`, `VMFSSPARSE`, `SESPARSE`, `VMFSRDM`, `VMFSRAW`, … */
  readonly type: string;
  /** Absent for ZERO. */
  readonly file?: string;
  /** Sectors into the file. */
  readonly offset?: number;
}

export interface VmdkDescriptor {
  readonly createType?: string;
  /** Content id, lower-case hex. */
  readonly cid?: string;
  /** Absent for `ffffffff`, which means no parent. */
  readonly parentCid?: string;
  readonly parentName?: string;
  readonly changeTrackFile?: string;
  readonly extents: readonly VmdkExtent[];
  /** `ddb.*` and every other key, lower-case, in the order of the text. */
  readonly values: ReadonlyMap<string, string>;
  readonly encrypted: boolean;
}

const EXTENT = /^(RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+([A-Z]+)(?:\s+"([^"]{1,255})"(?:\s+(\d{1,15}))?.*)?$/;

/** True for text that starts as a descriptor does. */
export function isVmdkDescriptor(head: Buffer): boolean {
  return /^(\uFEFF|ï»¿)?\s*#\s*Disk Descriptor ?File/i.test(head.toString('latin1', 0, 64));
}

/**
 * Reads a descriptor; everything behind the first NUL is padding.
 * @throws MigrationError `image-malformed` with the line
 */
export function parseVmdkDescriptor(bytes: Buffer, file: string): VmdkDescriptor {
  const end = bytes.indexOf(0);
  const text = decodeText(end < 0 ? bytes : bytes.subarray(0, end), file);
  const values = new Map<string, string>();
  const extents: VmdkExtent[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = `line ${index + 1}`;
    if (/^(RW|RDONLY|NOACCESS)\s/.test(line)) {
      extents.push(parseExtent(line, file, at));
      continue;
    }
    const [, key, quoted, bare] = /^([^\s="]+)\s*=\s*(?:"([^"]*)"|([^"\s#]*))\s*(?:#.*)?$/.exec(line) ?? [];
    if (key === undefined) throw malformed(file, `${at} is no descriptor line`, at);
    // QEMU takes the first one; two that differ would let two readers see two disks.
    const name = key.toLowerCase();
    const value = quoted ?? bare ?? '';
    if ((values.get(name) ?? value) !== value) throw malformed(file, `${key} is set twice`, at);
    values.set(name, value);
  }
  return describe(values, extents);
}

function parseExtent(line: string, file: string, at: string): VmdkExtent {
  const [, access, sectors, type, name, offset] = EXTENT.exec(line) ?? [];
  if ((access !== 'RW' && access !== 'RDONLY' && access !== 'NOACCESS') || type === undefined) {
    throw malformed(file, `the extent in ${at} cannot be read`, at);
  }
  if (Number(sectors) === 0) throw malformed(file, `the extent in ${at} is empty`, at);
  if (name === undefined && type !== 'ZERO') throw malformed(file, `the extent in ${at} names no file`, at);
  return {
    access,
    sectors: Number(sectors),
    type,
    ...(name !== undefined && { file: name }),
    ...(offset !== undefined && { offset: Number(offset) }),
  };
}

function describe(values: ReadonlyMap<string, string>, extents: readonly VmdkExtent[]): VmdkDescriptor {
  const createType = values.get('createtype');
  const cid = values.get('cid')?.toLowerCase();
  const parentCid = values.get('parentcid')?.toLowerCase();
  const parentName = values.get('parentfilenamehint');
  const changeTrackFile = values.get('changetrackpath');
  return {
    ...(createType !== undefined && { createType }),
    ...(cid !== undefined && { cid: cid.padStart(8, '0') }),
    ...(parentCid !== undefined && parentCid !== 'ffffffff' && { parentCid: parentCid.padStart(8, '0') }),
    ...(parentName !== undefined && parentName !== '' && { parentName }),
    ...(changeTrackFile !== undefined && { changeTrackFile }),
    extents,
    values,
    encrypted: isEncrypted(values),
  };
}

/** Workstation keeps the key beside the data (`encryption.keySafe`), vSphere runs an I/O filter named `vmwarevmcrypt`. */
function isEncrypted(values: ReadonlyMap<string, string>): boolean {
  if (/vmcrypt/i.test(values.get('ddb.iofilters') ?? '')) return true;
  return values.keys().some((key) => /^(ddb\.)?(encryption|keysafe|encryptionkeys)/.test(key));
}

/** Create types whose data is no file: a LUN or the disk of a host. */
export function passthroughKind(createType: string | undefined): Disk['passthrough'] {
  switch (createType) {
    case 'vmfsRawDeviceMap':
      return 'rdm-virtual';
    case 'vmfsPassthroughRawDeviceMap':
      return 'rdm-physical';
    case 'vmfsRaw':
    case 'fullDevice':
    case 'partitionedDevice':
      return 'physical-disk';
    default:
      return undefined;
  }
}
