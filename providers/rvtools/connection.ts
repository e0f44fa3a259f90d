/** An opened export. It is read when the first VM, or the surroundings, are asked for, and once. */
import type { Connection } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { SourceVm, VmRef } from '../../src/model/vm.ts';
import { Fleet } from './fleet.ts';
import { type Export, readPortGroups, readSurroundings, type Surroundings } from './surroundings.ts';
import { toVm } from './to-vm.ts';
import type { Workbook } from './workbook.ts';

export class RvtoolsConnection implements Connection {
  readonly name: string;
  readonly #workbook: Workbook;
  #contents: Promise<Export> | undefined;

  constructor(name: string, workbook: Workbook) {
    this.name = name;
    this.#workbook = workbook;
  }

  async *vms(signal: AbortSignal): AsyncGenerator<SourceVm> {
    const { fleet, portGroups } = await this.#load(signal);
    for (let number = 0; number < fleet.size; number += 1) {
      signal.throwIfAborted();
      yield toVm(fleet.vm(number), portGroups);
    }
  }

  async surroundings(signal: AbortSignal): Promise<Surroundings> {
    return await readSurroundings(await this.#load(signal), signal);
  }

  /** @throws MigrationError `inventory-only` for every disk, `vm-not-found` for what is none */
  async openDisk(ref: VmRef, diskKey: string, signal: AbortSignal): Promise<never> {
    const vm = await this.#find(ref, signal);
    const place = { file: this.name, vm: ref.name };
    if (vm === undefined) throw new MigrationError('vm-not-found', 'The export holds no such VM.', place);
    if (!vm.disks.some(({ key }) => key === diskKey)) {
      throw new MigrationError('vm-not-found', 'The VM has no such disk.', { ...place, disk: diskKey });
    }
    throw new MigrationError('inventory-only', 'An RVTools workbook describes VMs; it holds no disks.', {
      ...place,
      disk: diskKey,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workbook[Symbol.asyncDispose]();
  }

  async #find({ id }: VmRef, signal: AbortSignal): Promise<SourceVm | undefined> {
    const { fleet, portGroups } = await this.#load(signal);
    for (let number = 0; number < fleet.size; number += 1) {
      if (fleet.idOf(number) === id) return toVm(fleet.vm(number), portGroups);
    }
    return undefined;
  }

  /** A reading that failed or was aborted is forgotten. */
  async #load(signal: AbortSignal): Promise<Export> {
    signal.throwIfAborted();
    this.#contents ??= this.#read(signal).catch((error: unknown) => {
      this.#contents = undefined;
      throw error;
    });
    return await this.#contents;
  }

  async #read(signal: AbortSignal): Promise<Export> {
    const fleet = await Fleet.load(this.#workbook, this.name, signal);
    const portGroups = await readPortGroups(this.#workbook, fleet.layouts, signal);
    return { workbook: this.#workbook, fleet, portGroups };
  }
}
