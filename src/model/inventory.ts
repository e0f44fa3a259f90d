/** The rest of an inventory: what VMs are attached to. */
import type { Relation } from './estimate.ts';
import type { NetworkRef } from './network.ts';
import type { Bytes } from './units.ts';
import type { SourceVm } from './vm.ts';

/** The same shape as a NIC's reference, so that whatever maps the one maps the other. */
export interface SourceNetwork extends NetworkRef {
  readonly description?: string;
}

export interface SourceStorage {
  readonly id: string;
  readonly name: string;
  /** `vmfs`, `nfs`, `vsan`, `folder`, … */
  readonly kind?: string;
  readonly capacity?: Bytes;
  readonly free?: Bytes;
  /** In maintenance, or not reachable by any host. */
  readonly unavailable?: boolean;
}

export interface SourceHost {
  readonly id: string;
  readonly name: string;
  readonly product?: string;
  readonly cluster?: string;
  /** EVC baseline of its cluster. */
  readonly evcMode?: string;
  readonly maintenance?: boolean;
  readonly connection?: 'connected' | 'disconnected' | 'notResponding';
}

/** Everything one provider holds at one instant. Large providers stream VMs instead (contracts/provider.ts). */
export interface Inventory {
  readonly vms: readonly SourceVm[];
  readonly networks: readonly SourceNetwork[];
  readonly storages: readonly SourceStorage[];
  readonly hosts: readonly SourceHost[];
  /** Rules between VMs that no VM carries itself: DRS affinity and anti-affinity, Hyper-V anti-affinity class names. */
  readonly relations?: readonly Relation[];
}
