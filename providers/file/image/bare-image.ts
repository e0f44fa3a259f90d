/** A disk image without a description of its VM: a VM of which only the disk is known. */
import { basename, dirname } from 'node:path';
import type { SourceVm } from '../../../src/model/vm.ts';
import type { FileVm, ProbedImage } from '../seam.ts';
import { diskFacts } from './disk-facts.ts';
import { probeImage } from './probe.ts';
import { regularFile } from './regular-file.ts';

/** The only disk. */
const KEY = 'disk0';

/**
 * @throws MigrationError `source-not-found`, `source-unreadable`, `source-unrecognised`, and whatever else `probeImage` throws
 */
export async function readImageFile(path: string, signal: AbortSignal): Promise<FileVm> {
  const slice = await regularFile(path);
  const file = slice.path;
  const image = await probeImage({ name: basename(file), slices: [slice], folder: dirname(file) }, signal);
  const vm = describeVm(file, image);
  if (image.unreadable !== undefined) return { vm, disks: new Map(), unreadable: new Map([[KEY, image.unreadable]]) };
  return { vm, disks: new Map([[KEY, { kind: 'image', layers: image.layers, capacity: image.capacity }]]) };
}

/** Unknown stays unknown: an image says nothing of processors, memory or firmware. */
function describeVm(path: string, image: ProbedImage): SourceVm {
  const file = basename(path);
  const name = file.replace(/\.[A-Za-z0-9]{1,6}$/, '') || file;
  return {
    ref: { id: path, name },
    name,
    cpu: {},
    memory: {},
    firmware: {},
    identity: {},
    clock: {},
    guest: {},
    controllers: [],
    disks: [{ ...diskFacts(image), key: KEY, label: 'Hard disk 1', file }],
    cdroms: [],
    nics: [],
    devices: [],
    snapshots: {},
    platform: {},
    packaging: { kind: 'image', descriptor: file },
    extras: image.extras ?? [],
  };
}
