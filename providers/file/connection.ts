/** An open source of files: one package, VMX or image, or a folder of them. */
import { basename, relative } from 'node:path';
import type { Connection, ConnectOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { DiskSource } from '../../src/model/transfer.ts';
import type { SourceVm, VmRef } from '../../src/model/vm.ts';
import { listFolder } from './folder.ts';
import { readImageFile } from './image/bare-image.ts';
import { openOva } from './ova/open-ova.ts';
import { openOvf } from './ovf/open-ovf.ts';
import type { OvfPackage } from './ovf/open-package.ts';
import type { FileVm } from './seam.ts';
import type { FileKind } from './source-kind.ts';
import { readVmx } from './vmx/read-vmx.ts';

/** VMs whose disks' places are kept. Those of any other VM are read again when one of its disks is opened. */
const REMEMBERED = 64;

/** A file that describes one VM or several. `id` begins the ids of its VMs: its path below the source, or its name. */
interface Entry {
  readonly kind: FileKind;
  readonly path: string;
  readonly id: string;
}

export class FileConnection implements Connection {
  /** The path as the user gave it. */
  readonly name: string;
  readonly #kind: FileKind | 'folder';
  readonly #configuration: string | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #remembered = new Map<string, FileVm>();

  constructor(path: string, kind: FileKind | 'folder', { configuration }: Omit<ConnectOptions, 'signal'>) {
    this.name = path;
    this.#kind = kind;
    this.#configuration = configuration;
  }

  async *vms(signal: AbortSignal): AsyncGenerator<SourceVm> {
    signal.throwIfAborted();
    for await (const entry of this.#list(signal)) {
      for await (const { vm } of this.#read(entry, signal)) yield vm;
    }
  }

  async surroundings(signal: AbortSignal): Promise<Omit<Inventory, 'vms'>> {
    signal.throwIfAborted();
    const networks = new Map<string, Inventory['networks'][number]>();
    const storages = new Map<string, Inventory['storages'][number]>();
    for await (const entry of this.#list(signal)) {
      const source = await this.#openPackage(entry, signal);
      if (source !== undefined) {
        for (const network of source.networks) networks.set(network.id, network);
        continue;
      }
      for await (const { vm } of this.#read(entry, signal)) {
        for (const { network } of vm.nics)
          if (network !== undefined && !networks.has(network.id)) networks.set(network.id, network);
        for (const { storage } of vm.disks) if (storage !== undefined) storages.set(storage.id, storage);
      }
    }
    return { networks: [...networks.values()], storages: [...storages.values()], hosts: [] };
  }

  async openDisk(ref: VmRef, diskKey: string, signal: AbortSignal): Promise<DiskSource> {
    signal.throwIfAborted();
    const found = this.#remembered.get(ref.id) ?? (await this.#find(ref, signal));
    if (found === undefined)
      throw new MigrationError('vm-not-found', `${this.name} holds no VM ${ref.name}`, { file: this.name, vm: ref.name });
    const trouble = found.unreadable?.get(diskKey);
    if (trouble !== undefined) throw trouble;
    const source = found.disks.get(diskKey);
    if (source === undefined) {
      throw new MigrationError('vm-not-found', `VM ${ref.name} has no disk ${diskKey}`, {
        file: this.name,
        vm: ref.name,
        disk: diskKey,
      });
    }
    return source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#remembered.clear();
    this.#entries.clear();
  }

  /** Reads the VM's own entry where an earlier pass has met it, else everything until it comes. */
  async #find(ref: VmRef, signal: AbortSignal): Promise<FileVm | undefined> {
    const known = this.#entries.get(ref.id);
    for await (const entry of known === undefined ? this.#list(signal) : [known]) {
      for await (const found of this.#read(entry, signal)) if (found.vm.ref.id === ref.id) return found;
    }
    return undefined;
  }

  async *#list(signal: AbortSignal): AsyncGenerator<Entry> {
    if (this.#kind !== 'folder') {
      yield { kind: this.#kind, path: this.name, id: basename(this.name) };
      return;
    }
    for await (const { kind, path } of listFolder(this.name, signal)) yield { kind, path, id: relative(this.name, path) };
  }

  async *#read(entry: Entry, signal: AbortSignal): AsyncGenerator<FileVm> {
    const source = await this.#openPackage(entry, signal);
    if (source === undefined) {
      const read = entry.kind === 'vmx' ? readVmx : readImageFile;
      const found = await read(entry.path, signal);
      yield this.#remember(entry, { ...found, vm: { ...found.vm, ref: { id: entry.id, name: found.vm.ref.name } } });
      return;
    }
    for await (const found of source.vms(signal)) yield this.#remember(entry, found);
  }

  /** @throws MigrationError `ovf-config-unknown` when a configuration is asked of something that can have none */
  async #openPackage({ kind, path, id }: Entry, signal: AbortSignal): Promise<OvfPackage | undefined> {
    const configuration = this.#configuration;
    if (kind === 'ova') return await openOva(path, { configuration, signal, name: id });
    if (kind === 'ovf') return await openOvf(path, { configuration, signal, name: id });
    if (configuration !== undefined) {
      throw new MigrationError('ovf-config-unknown', `${path} is no OVF package and has no deployment configurations`, {
        file: path,
      });
    }
    return undefined;
  }

  #remember(entry: Entry, found: FileVm): FileVm {
    const { id } = found.vm.ref;
    this.#entries.set(id, entry);
    this.#remembered.delete(id);
    this.#remembered.set(id, found);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    return found;
  }
}
