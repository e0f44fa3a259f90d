/** An opened export. It is read when the first VM, or the surroundings, are asked for, and once. */
import type { Connection } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { SourceVm, VmRef } from '../../src/model/vm.ts';
import { Fleet } from './fleet.ts';
import type { PortGroups } from './port-groups.ts';
import { readHosts, readPortGroups, readStorages, type Surroundings } from './surroundings.ts';
import { toVm } from './to-vm.ts';
import type { Workbook } from './workbook.ts';

interface Contents {
  readonly fleet: Fleet;
  readonly portGroups: PortGroups;
}

export class RvtoolsConnection implements Connection {
  readonly name: string;
  readonly #workbook: Workbook;
  #contents: Promise<Contents> | undefined;

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
    const { fleet, portGroups } = await this.#load(signal);
    return {
      networks: portGroups.networks(),
      storages: await readStorages(this.#workbook, fleet.layouts, signal),
      hosts: await readHosts(this.#workbook, fleet.layouts, signal),
    };
  }

  /** @throws MigrationError `inventory-only`, always */
  async openDisk(vm: VmRef, diskKey: string): Promise<never> {
    throw new MigrationError('inventory-only', 'An RVTools workbook describes VMs; it holds no disks.', {
      file: this.name,
      vm: vm.name,
      disk: diskKey,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workbook[Symbol.asyncDispose]();
  }

  /** A reading that failed or was aborted is forgotten. */
  #load(signal: AbortSignal): Promise<Contents> {
    this.#contents ??= this.#read(signal).catch((error: unknown) => {
      this.#contents = undefined;
      throw error;
    });
    return this.#contents;
  }

  async #read(signal: AbortSignal): Promise<Contents> {
    const fleet = await Fleet.load(this.#workbook, this.name, signal);
    return { fleet, portGroups: await readPortGroups(this.#workbook, fleet.layouts, signal) };
  }
}
