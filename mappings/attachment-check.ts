/** Keeps count of the attachments that the NICs of one VM take, and tells what the cluster or the CNI plugin will not have. */
import type { NetworkAttachmentFacts } from '../src/model/cluster-facts.ts';
import type { Nic } from '../src/model/vm.ts';
import { clusterIndex } from './cluster-index.ts';
import type { MappingContext } from './context.ts';
import type { Ledger } from './ledger.ts';
import type { PlannedAttachment } from './network-plan.ts';

interface Attachment {
  readonly namespace?: string;
  readonly name: string;
}

interface Taker {
  readonly nic: Nic;
  readonly subject: string;
  readonly binding: 'bridge' | 'sriov';
}

/** Plugins that a bridge in the pod cannot sit on: macvlan and ipvlan know one MAC address, the others give a device away. */
const NOT_BRIDGED: ReadonlySet<string> = new Set(['macvlan', 'ipvlan', 'sriov', 'ib-sriov', 'host-device', 'ptp']);
const SRIOV: ReadonlySet<string> = new Set(['sriov', 'ib-sriov']);
const OVN = 'ovn-k8s-cni-overlay';

/** One for each mapped VM. */
export class AttachmentCheck {
  readonly #context: MappingContext;
  readonly #ledger: Ledger;
  readonly #taken = new Set<string>();

  constructor(context: MappingContext, ledger: Ledger) {
    this.#context = context;
    this.#ledger = ledger;
  }

  /** Undefined when each of the pool has a NIC already. */
  firstFree(pool: readonly string[], namespace: string | undefined): string | undefined {
    return pool.find((name) => !this.#taken.has(this.#full(namespace === undefined ? { name } : { namespace, name })));
  }

  /** Name for `multus.networkName`. */
  take(attachment: Attachment, taker: Taker): string {
    const full = this.#full(attachment);
    const known = clusterIndex(this.#context.facts).attachments;
    const facts = known?.get(full);
    this.#countOnce(full, taker, facts?.type === OVN);
    if (facts !== undefined) this.#checkType(full, facts, taker);
    else if (known !== undefined && full.includes('/')) {
      this.#ledger.concern(
        'network-attachment-missing',
        taker.subject,
        `${full} does not exist. Create it, or correct the network map.`,
      );
    }
    return nameOf(attachment);
  }

  takePlanned(planned: PlannedAttachment, taker: Taker): string {
    this.#countOnce(this.#full(planned), taker, this.#context.networkPlan?.type === 'ovn-localnet');
    const { segment } = planned;
    const { label } = taker.nic;
    if (segment.kind === 'unknown') {
      this.#ledger.concern(
        'network-vlan-unknown',
        taker.subject,
        `${label} is attached untagged by ${planned.name}. Map the network to an attachment with its VLAN if it has one.`,
      );
    }
    if (segment.kind === 'trunk' && segment.native !== undefined) {
      this.#ledger.concern(
        'network-native-vlan',
        taker.subject,
        `Untagged packets of ${label} belong to VLAN ${segment.native}. Let the guest tag them, or make that VLAN the default of the bridge.`,
      );
    }
    return nameOf(planned);
  }

  #full({ namespace = this.#context.options.namespace, name }: Attachment): string {
    return namespace === undefined ? name : `${namespace}/${name}`;
  }

  #countOnce(full: string, { nic, subject }: Taker, ovn: boolean): void {
    if (!this.#taken.has(full)) {
      this.#taken.add(full);
      return;
    }
    if (ovn) {
      this.#ledger.concern(
        'network-attachment-once',
        subject,
        `${nic.label} is a further NIC on ${full}. Map the network to a pool of attachments, one for each NIC.`,
      );
      return;
    }
    this.#ledger.concern(
      'network-attachment-twice',
      subject,
      `${nic.label} is a further NIC on ${full}. Use one attachment per NIC if the CNI plugin refuses.`,
    );
  }

  #checkType(full: string, { type, topology }: NetworkAttachmentFacts, { binding, subject }: Taker): void {
    if (type === undefined) return;
    const fits = binding === 'sriov' ? SRIOV.has(type) : !NOT_BRIDGED.has(type) && topology !== 'layer3';
    if (fits) return;
    const needed = binding === 'sriov' ? 'one of the SR-IOV operator' : 'one on layer 2 that can be bridged';
    const kind = topology === undefined ? type : `${type} (${topology})`;
    this.#ledger.concern('network-attachment-unfit', subject, `${full} is of type ${kind}; the NIC needs ${needed}.`);
  }
}

function nameOf({ namespace, name }: Attachment): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
