/**
 * What the VMs of a source use, gathered VM by VM: the left sides that entries of the tables can be about. What it holds grows with the
 * networks and storages, and with the names of VMs and disks only where a storage map asks for those.
 */
import type { NetworkRef } from '../model/network.ts';
import type { SourceVm, StorageRef } from '../model/vm.ts';

export interface Used<T> {
  readonly ref: T;
  /** How many NICs or disks. */
  readonly count: number;
}

export class SourceSurvey {
  readonly #networks = new Map<string, { ref: NetworkRef; count: number }>();
  readonly #storages = new Map<string, { ref: StorageRef; count: number }>();
  readonly #policies = new Set<string>();
  readonly #vms = new Set<string>();
  readonly #disks = new Set<string>();

  add({ ref, name, nics, disks }: Pick<SourceVm, 'ref' | 'name' | 'nics' | 'disks'>): void {
    this.#vms.add(ref.id).add(name);
    for (const { network } of nics) {
      if (network !== undefined) count(this.#networks, `${network.id}\0${network.vlan ?? ''}`, network);
    }
    for (const { key, label, file, storage, storagePolicy } of disks) {
      this.#disks.add(key).add(label);
      if (file !== undefined) this.#disks.add(file);
      if (storage !== undefined) count(this.#storages, storage.id, storage);
      if (storagePolicy !== undefined) this.#policies.add(storagePolicy);
    }
  }

  /** A network that is on several VLANs by its NICs (Hyper-V) is one for each. */
  get networks(): readonly Used<NetworkRef>[] {
    return [...this.#networks.values()];
  }

  get storages(): readonly Used<StorageRef>[] {
    return [...this.#storages.values()];
  }

  get policies(): ReadonlySet<string> {
    return this.#policies;
  }

  /** Ids and names. */
  get vms(): ReadonlySet<string> {
    return this.#vms;
  }

  /** Keys, labels and files. */
  get disks(): ReadonlySet<string> {
    return this.#disks;
  }
}

/** The survey of VMs that are all at hand. */
export function surveySource(vms: Iterable<SourceVm>): SourceSurvey {
  const survey = new SourceSurvey();
  for (const vm of vms) survey.add(vm);
  return survey;
}

function count<T>(used: Map<string, { ref: T; count: number }>, key: string, ref: T): void {
  const known = used.get(key);
  if (known === undefined) used.set(key, { ref, count: 1 });
  else known.count += 1;
}
