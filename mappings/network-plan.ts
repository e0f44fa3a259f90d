/** What is made, or found in the cluster, for source networks that the map does not name. Types only; network-attachments.ts fills them. */
import type { SharedObject } from '../src/model/mapping.ts';
import type { NetworkRef } from '../src/model/network.ts';
import type { Wire } from './cni-config.ts';

export interface NetworkPlan {
  /** `ovn-k8s-cni-overlay` attaches a pod to a network once. */
  readonly type: 'bridge' | 'ovn-localnet';
  /** Undefined for a network that was not in the inventory. */
  find(network: NetworkRef): PlannedNetwork | undefined;
}

/** Where the NICs of one network go. */
export type PlannedNetwork = PlannedAttachment | { readonly refused: string };

export interface PlannedAttachment {
  readonly namespace?: string;
  readonly name: string;
  readonly segment: Wire['segment'];
  readonly because: string;
  /** Absent: the cluster has it. */
  readonly made?: SharedObject;
}
