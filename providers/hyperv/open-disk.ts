/**
 * Where the files of a disk can be read: those of a VM that is off, or those that a checkpoint froze while the VM writes to another one. The host
 * says which images there are and in which order; nothing here opens them.
 */
import { MigrationError } from '../../src/model/errors.ts';
import type { DiskSource, SharedLayer } from '../../src/model/transfer.ts';
import type { VmRef } from '../../src/model/vm.ts';
import { readSnapshotId } from './checkpoint-id.ts';
import {
  coordinator,
  type FileHost,
  type FoundFile,
  type MappedFolder,
  mappedFile,
  namedFile,
  sharedFile,
} from './disk-files.ts';
import { diskKey } from './disk-key.ts';
import { unreadable, untrackable } from './disk-state.ts';
import type { Hosts } from './hosts.ts';
import type { Host } from './scripts/host-answer.ts';
import type { HardDisk, Image } from './scripts/vm-answer.ts';
import { explain } from './trouble.ts';
import type { Whereabouts } from './whereabouts.ts';
import { parseWindowsPath, type WindowsPath } from './windows-path.ts';

export interface DiskRequest {
  readonly vm: VmRef;
  readonly disk: string;
  /** `SourceSnapshot.id` */
  readonly snapshot?: string;
}

export interface Ways {
  readonly hosts: Hosts;
  readonly whereabouts: Whereabouts;
  readonly folders: readonly MappedFolder[];
}

/** @throws MigrationError `vm-not-found`, `disks-changed`, `disk-unreachable`, `snapshot-failed` */
export async function openDisk(request: DiskRequest, ways: Ways, signal: AbortSignal): Promise<DiskSource> {
  const { vm, disk, snapshot } = request;
  const { node, found } = await findDisk(request, ways.whereabouts, signal);
  if (snapshot === undefined) await holdsStill(request, ways.whereabouts, signal);
  const trouble = unreadable(found);
  if (trouble !== undefined) throw unreachable(request, trouble.why, trouble.hint);
  const [top, ...parents] = found.chain;
  const capacity = Number(top?.size ?? Number.NaN);
  if (top === undefined || !Number.isSafeInteger(capacity)) throw unreachable(request, 'has no size that can be read');
  const files = new Files(request, node, ways);
  const first = await files.layer(top, signal);
  const layers: SharedLayer[] = [];
  for (const image of parents) layers.push((await files.layer(image, signal)).layer);
  const mark = snapshot === undefined ? markOf(found.chain) : undefined;
  return {
    kind: 'shared-image',
    layers: [first.layer, ...layers],
    capacity,
    ...(mark !== undefined && { mark }),
    ...(untrackable(found) === undefined && { tracking: { vm, disk, ...(snapshot !== undefined && { snapshot }) } }),
    because: first.because,
  };
}

/** A disk as it is, or as a checkpoint froze it, and the node that has it. @throws MigrationError `vm-not-found`, `disks-changed`, `snapshot-failed` */
export async function findDisk(
  { vm, disk, snapshot }: DiskRequest,
  whereabouts: Whereabouts,
  signal: AbortSignal,
): Promise<{ readonly node: string; readonly found: HardDisk }> {
  const input = { vm: vm.id, ...(snapshot !== undefined && { checkpoint: readSnapshotId(snapshot).instance }) };
  try {
    const { node, answer } = await whereabouts.run(vm, 'disks', input, signal);
    const found = answer.disks.find((candidate) => diskKey(candidate) === disk);
    if (found !== undefined) return { node, found };
  } catch (error) {
    throw explain(error, { what: `The disks of VM ${vm.name} cannot be told`, vm: vm.name, disk });
  }
  const where = snapshot === undefined ? '' : ' in this checkpoint';
  throw new MigrationError(
    snapshot === undefined ? 'vm-not-found' : 'disks-changed',
    `VM ${vm.name} has no disk ${disk}${where}`,
    { vm: vm.name, disk },
  );
}

/** States of a VM, in which nobody has its files open. */
const AT_REST = /^(Off|Saved|FastSaved)(Critical)?$/;

async function holdsStill(request: DiskRequest, whereabouts: Whereabouts, signal: AbortSignal): Promise<void> {
  const { vm } = request;
  try {
    const { answer } = await whereabouts.run(vm, 'power', { vm: vm.id, action: 'state' }, signal);
    if (AT_REST.test(answer.state)) return;
  } catch (error) {
    throw explain(error, { what: `VM ${vm.name} does not tell whether it is on`, vm: vm.name });
  }
  throw unreachable(request, 'is locked by the running VM', 'Shut the VM down, or copy from a checkpoint (warm migration).');
}

function unreachable({ vm, disk }: DiskRequest, what: string, hint?: string): MigrationError {
  return new MigrationError('disk-unreachable', `Disk ${disk} of VM ${vm.name} ${what}.`, {
    vm: vm.name,
    disk,
    ...(hint !== undefined && { hint }),
  });
}

/** Sizes and times of the last write of all files; undefined where the host does not say them. */
function markOf(chain: readonly Image[]): string | undefined {
  const marks = chain.map(({ fileSize, writtenAt }) => (fileSize && writtenAt ? `${fileSize}@${writtenAt}` : undefined));
  return marks.includes(undefined) ? undefined : marks.join(' ');
}

/** The files of one disk, seen from here. */
class Files {
  readonly #request: DiskRequest;
  readonly #node: string;
  readonly #ways: Ways;

  constructor(request: DiskRequest, node: string, ways: Ways) {
    this.#request = request;
    this.#node = node;
    this.#ways = ways;
  }

  /** @throws MigrationError `disk-unreachable` */
  async layer(image: Image, signal: AbortSignal): Promise<{ readonly layer: SharedLayer; readonly because: string }> {
    const path = parseWindowsPath(image.path);
    if (path === undefined) throw unreachable(this.#request, `lies at ${image.path}, which is no path of a file`);
    const found = mappedFile(path, this.#ways.folders) ?? namedFile(path) ?? (await this.#shared(path, signal));
    if (found === undefined) {
      throw unreachable(
        this.#request,
        `lies at ${image.path}, and no share leads there`,
        'Share its folder on the host, or say where the folder is mounted here.',
      );
    }
    return { layer: { format: image.format === 'VHD' ? 'vhd' : 'vhdx', file: found.file }, because: found.because };
  }

  /** Shares that were made since the host was asked are looked for once. */
  async #shared(path: WindowsPath, signal: AbortSignal): Promise<FoundFile | undefined> {
    return (await this.#sharedBy(path, false, signal)) ?? (await this.#sharedBy(path, true, signal));
  }

  async #sharedBy(path: WindowsPath, fresh: boolean, signal: AbortSignal): Promise<FoundFile | undefined> {
    const { hosts } = this.#ways;
    const own = await hosts.facts(this.#node, signal, fresh);
    const owner = hosts.node(coordinator(path, own.volumes) ?? this.#node)?.name ?? this.#node;
    const there = owner === this.#node ? own : await this.#coordinator(owner, fresh, signal);
    const found = there === undefined ? undefined : sharedFile(path, this.#fileHost(owner, there));
    // The coordinator does not answer, or hides its shares: each node reaches the volume.
    return found ?? (owner === this.#node ? undefined : sharedFile(path, this.#fileHost(this.#node, own)));
  }

  async #coordinator(name: string, fresh: boolean, signal: AbortSignal): Promise<Host | undefined> {
    try {
      return await this.#ways.hosts.facts(name, signal, fresh);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MigrationError) return undefined;
      throw error;
    }
  }

  #fileHost(name: string, { shares }: Host): FileHost {
    return { address: this.#ways.hosts.node(name)?.address ?? name, shares };
  }
}
