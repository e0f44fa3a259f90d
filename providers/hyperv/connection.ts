/** An open Hyper-V host, or a failover cluster. */
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Credentials } from '../../src/contracts/credentials.ts';
import type { Connection, PowerControl, ReadHint, SnapshotControl, SourceRetirement } from '../../src/contracts/provider.ts';
import type { SourceAccess } from '../../src/contracts/source-access.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { DiskSource } from '../../src/model/transfer.ts';
import type { SourceVm, VmRef } from '../../src/model/vm.ts';
import { sourceAccess } from './access.ts';
import { allVms } from './all-vms.ts';
import { changeTracking } from './changes.ts';
import { snapshotControl } from './checkpoints.ts';
import type { MappedFolder } from './disk-files.ts';
import type { Hosts } from './hosts.ts';
import { toSourceVm, toSurroundings } from './inventory/index.ts';
import { openDisk } from './open-disk.ts';
import { powerControl } from './power.ts';
import { sourceRetirement } from './retirement.ts';
import { explain } from './trouble.ts';
import { Whereabouts } from './whereabouts.ts';

export interface ConnectionParts {
  /** Of the source for people. */
  readonly name: string;
  readonly hosts: Hosts;
  readonly folders: readonly MappedFolder[];
  /** To the shares that the disks lie on. */
  readonly credentials: () => Promise<Credentials>;
  readonly clock: Clock;
}

/** It does not watch its inventory: a script answers once, and events of the host would need a subscription. Whoever keeps up reads anew. */
export class HypervConnection implements Connection {
  readonly name: string;
  readonly power: PowerControl;
  readonly snapshots: SnapshotControl;
  readonly changes: ChangeTracking;
  readonly retirement: SourceRetirement;
  readonly access: SourceAccess;
  readonly #hosts: Hosts;
  readonly #folders: readonly MappedFolder[];
  readonly #whereabouts: Whereabouts;

  constructor({ name, hosts, folders, credentials, clock }: ConnectionParts) {
    const whereabouts = new Whereabouts(hosts, clock);
    this.name = name;
    this.#hosts = hosts;
    this.#folders = folders;
    this.#whereabouts = whereabouts;
    this.power = powerControl(whereabouts, clock);
    this.snapshots = snapshotControl(whereabouts);
    this.changes = changeTracking(whereabouts);
    this.retirement = sourceRetirement(whereabouts);
    this.access = sourceAccess(this.changes, credentials);
  }

  async *vms(signal: AbortSignal, hint?: ReadHint): AsyncGenerator<SourceVm> {
    const place = { hosts: this.#hosts, whereabouts: this.#whereabouts };
    for await (const { vm, host } of allVms(place, hint, signal)) yield toSourceVm(vm, host);
  }

  async vm(ref: VmRef, signal: AbortSignal): Promise<SourceVm | undefined> {
    try {
      const { node, answer } = await this.#whereabouts.vm(ref, signal);
      const vm = toSourceVm(answer, await this.#hosts.facts(node, signal));
      if (vm.disks.length > 0 || vm.connection === 'connected') return vm;
      // The host knows no hardware of a VM whose files it has lost; that is not a VM without disks.
      throw new MigrationError('source-busy', `VM ${vm.name} is ${answer.state}: its disks cannot be told`, { vm: ref.name });
    } catch (error) {
      if (error instanceof MigrationError && error.code === 'vm-not-found') return undefined;
      throw explain(error, { what: `VM ${ref.name} cannot be read`, vm: ref.name });
    }
  }

  async surroundings(signal: AbortSignal): Promise<Omit<Inventory, 'vms'>> {
    signal.throwIfAborted();
    // A node that does not answer is told as one by the others.
    return toSurroundings(await this.#hosts.allFacts(signal));
  }

  async openDisk(vm: VmRef, disk: string, signal: AbortSignal, snapshot?: string): Promise<DiskSource> {
    const request = { vm, disk, ...(snapshot !== undefined && { snapshot }) };
    const ways = { hosts: this.#hosts, whereabouts: this.#whereabouts, folders: this.#folders };
    return await openDisk(request, ways, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hosts[Symbol.asyncDispose]();
  }
}
