/** The rest of an inventory: what VMs are attached to. */
import type { Bytes } from './units.ts';
import type { SourceVm } from './vm.ts';

export interface SourceNetwork {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly vlan?: number;
}

export interface SourceStorage {
  readonly id: string;
  readonly name: string;
  /** `vmfs`, `nfs`, `vsan`, `folder`, … */
  readonly kind?: string;
  readonly capacity?: Bytes;
  readonly free?: Bytes;
}

export interface SourceHost {
  readonly id: string;
  readonly name: string;
  readonly product?: string;
}

/** Everything one provider holds at one instant. Large providers stream VMs instead (contracts/provider.ts). */
export interface Inventory {
  readonly vms: readonly SourceVm[];
  readonly networks: readonly SourceNetwork[];
  readonly storages: readonly SourceStorage[];
  readonly hosts: readonly SourceHost[];
}
