/**
 * Where each NIC goes: the user's network map first, then an attachment made for its network where the options ask for them, else the one
 * pod network a VM may have. How the map is searched is in network-map.ts, what a VLAN becomes in vlans.ts and cni-config.ts.
 */
import type { UserDefinedNetworkFacts } from '../src/model/cluster-facts.ts';
import type { AttachmentTarget, NetworkTarget } from '../src/model/mapping.ts';
import type { Nic, SourceVm } from '../src/model/vm.ts';
import { AttachmentCheck } from './attachment-check.ts';
import type { MappingConcernId } from './concerns.ts';
import type { MappingContext } from './context.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { findTarget } from './network-map.ts';
import type { PlannedAttachment } from './network-plan.ts';
import { checkPrimaryNetwork, primaryNetwork } from './primary-network.ts';
import { networkText } from './vlans.ts';

/** A NIC that has a place on the target; `index` is its place at the source. */
export interface PlacedNic {
  readonly nic: Nic;
  readonly index: number;
  readonly place: Place;
}

export type Place =
  | { readonly binding: 'masquerade' }
  | { readonly binding: 'l2bridge'; readonly network?: UserDefinedNetworkFacts }
  /** `attachment` is what `multus.networkName` wants: without namespace it is the VM's own. */
  | { readonly binding: 'bridge' | 'sriov'; readonly attachment: string };

/** A place with the reasons for network and binding, or the reason why there is none. */
type Outcome =
  | { readonly place: Place; readonly because: string; readonly bindingBecause: string }
  | { readonly place?: never; readonly because: string };

const RULE = 'network-target';
const BY_MAP = 'The network map says so.';
const BINDINGS = {
  bridge: 'A bridge puts the guest on the attached network with its own MAC address.',
  sriov: 'The network map says that the guest gets a slice of the node’s network card.',
} as const;

export function placeNics(vm: SourceVm, context: MappingContext, ledger: Ledger): readonly PlacedNic[] {
  const placed: PlacedNic[] = [];
  const placement = new Placement(vm, context, ledger);
  for (const [index, nic] of vm.nics.entries()) {
    const outcome = placement.place(nic, index);
    note(nic, { index, outcome, position: placed.length, ledger });
    if (outcome.place !== undefined) placed.push({ nic, index, place: outcome.place });
  }
  return placed;
}

/** What the NICs of one VM have taken so far. */
class Placement {
  readonly #context: MappingContext;
  readonly #ledger: Ledger;
  readonly #attachments: AttachmentCheck;
  /** A NIC that the map sends to the pod network keeps all others from taking it. */
  readonly #podMapped: boolean;
  #podTaken = false;

  constructor(vm: SourceVm, context: MappingContext, ledger: Ledger) {
    this.#context = context;
    this.#ledger = ledger;
    this.#attachments = new AttachmentCheck(context, ledger);
    this.#podMapped = vm.nics.some(({ network }) => isPod(findTarget(context.networkMap, network)));
  }

  place(nic: Nic, index: number): Outcome {
    const { networkMap, networkPlan } = this.#context;
    const target = findTarget(networkMap, nic.network);
    if (target === undefined) {
      const planned = nic.network === undefined ? undefined : networkPlan?.find(nic.network);
      if (planned === undefined) return this.#unmapped(nic, index);
      return 'refused' in planned ? this.#notMade(nic, index, planned.refused) : this.#attach(nic, index, planned);
    }
    if (target.type === 'ignored') return this.#ignore(nic, index);
    if (target.type === 'pod' || target.type === 'udn') return this.#pod(nic, index, target.type);
    return this.#followMap(nic, index, target);
  }

  #ignore(nic: Nic, index: number): Outcome {
    const text = `${nic.label} on ${networkText(nic.network)} is left out, as the network map says.`;
    this.#leave('network-ignored', index, text);
    return { because: 'The network map says that NICs of this network are not migrated.' };
  }

  #pod(nic: Nic, index: number, type: 'pod' | 'udn', because = BY_MAP): Outcome {
    if (this.#podTaken) {
      this.#leave(
        'network-pod-twice',
        index,
        `${nic.label} is mapped to the pod network, which another NIC of this VM has already. Map ${networkText(nic.network)} to a network attachment.`,
      );
      return { because: 'Another NIC of this VM has the pod network already, and KubeVirt allows one.' };
    }
    this.#podTaken = true;
    const primary = primaryNetwork(type, this.#context);
    if (primary.binding === 'masquerade') return { place: { binding: 'masquerade' }, because, bindingBecause: primary.because };
    checkPrimaryNetwork(primary, subjectOf(index), { context: this.#context, ledger: this.#ledger });
    const { network } = primary;
    const place: Place = { binding: 'l2bridge', ...(network === undefined ? {} : { network }) };
    return { place, because, bindingBecause: primary.because };
  }

  #unmapped(nic: Nic, index: number): Outcome {
    if (!this.#podMapped && !this.#podTaken) {
      const because = 'The first network without an entry in the network map goes to the pod network: there is one at most.';
      return this.#pod(nic, index, 'pod', because);
    }
    this.#leave(
      'network-unmapped',
      index,
      `${nic.label} on ${networkText(nic.network)} has no target and is left out. Give the network an entry in the network map.`,
    );
    return { because: 'The network map has no entry for this network, and the pod network is taken.' };
  }

  #followMap(nic: Nic, index: number, target: AttachmentTarget): Outcome {
    const name = 'name' in target ? target.name : this.#attachments.firstFree(target.pool, target.namespace);
    if (name === undefined) {
      const text = `${nic.label} on ${networkText(nic.network)} is left out: the pool of its network is used up. Add an attachment to the pool.`;
      this.#leave('network-pool-exhausted', index, text);
      return { because: 'All attachments that the network map names for this network have a NIC of this VM already.' };
    }
    const because = 'name' in target ? BY_MAP : 'The first attachment of the pool that no earlier NIC of the VM has.';
    const binding = target.type === 'sriov' ? 'sriov' : 'bridge';
    const wanted = { name, ...(target.namespace === undefined ? {} : { namespace: target.namespace }) };
    const attachment = this.#attachments.take(wanted, { nic, subject: subjectOf(index), binding });
    return { place: { binding, attachment }, because, bindingBecause: BINDINGS[binding] };
  }

  #attach(nic: Nic, index: number, planned: PlannedAttachment): Outcome {
    const attachment = this.#attachments.takePlanned(planned, { nic, subject: subjectOf(index), binding: 'bridge' });
    return { place: { binding: 'bridge', attachment }, because: planned.because, bindingBecause: BINDINGS.bridge };
  }

  #notMade(nic: Nic, index: number, refusal: string): Outcome {
    const text = `${nic.label} on ${networkText(nic.network)} is left out: ${refusal}. Give the network an entry in the network map.`;
    this.#leave('network-not-generated', index, text);
    return { because: `No attachment can be made for this network: ${refusal}.` };
  }

  #leave(id: MappingConcernId, index: number, assessment: string): void {
    this.#ledger.concern(id, subjectOf(index), assessment);
  }
}

function isPod(target: NetworkTarget | undefined): boolean {
  return target?.type === 'pod' || target?.type === 'udn';
}

function subjectOf(index: number): string {
  return `nics[${index}].network`;
}

interface Note {
  readonly index: number;
  readonly outcome: Outcome;
  /** Place among the interfaces of the target. */
  readonly position: number;
  readonly ledger: Ledger;
}

function note({ network }: Nic, { index, outcome, position, ledger }: Note): void {
  const from = subjectOf(index);
  const was = networkText(network);
  const { place, because } = outcome;
  if (place === undefined) {
    ledger.dropped({ from: network === undefined ? `nics[${index}]` : from, was, rule: RULE, because });
    return;
  }
  const to = `VirtualMachine/spec.template.spec.networks[${position}]`;
  const value = placeText(place);
  if (network === undefined) ledger.added({ to, value, rule: RULE, because });
  else ledger.changed({ from, to, was, value, rule: RULE, because });
  ledger.added({
    to: `${DOMAIN}.devices.interfaces[${position}].${place.binding === 'l2bridge' ? 'binding' : place.binding}`,
    value: place.binding,
    rule: 'network-binding',
    because: outcome.bindingBecause,
  });
}

function placeText(place: Place): string {
  if (place.binding === 'masquerade') return 'pod network (masquerade; the guest gets its address by DHCP)';
  if (place.binding === 'l2bridge') return `primary network of the namespace${place.network ? ` (${place.network.name})` : ''}`;
  return place.attachment;
}
