/** Where each NIC goes: the user's network map first, then the one pod network a VM may have. */
import type { NetworkMap, NetworkTarget } from '../src/model/mapping.ts';
import type { NetworkRef } from '../src/model/network.ts';
import type { Nic, SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

/** A NIC that has a place on the target; `index` is its place at the source. */
export interface PlacedNic {
  readonly nic: Nic;
  readonly index: number;
  readonly target: Exclude<NetworkTarget, { type: 'ignored' }>;
}

type Outcome = { readonly target: NetworkTarget; readonly because: string };

const RULE = 'network-target';

export function placeNics(vm: SourceVm, context: MappingContext, ledger: Ledger): readonly PlacedNic[] {
  const placed: PlacedNic[] = [];
  const mapped = vm.nics.map((nic) => findTarget(context.networkMap, nic.network));
  let podFree = !mapped.some((target) => target?.type === 'pod');
  let podTaken = false;
  for (const [index, nic] of vm.nics.entries()) {
    const wanted = mapped[index];
    let outcome: Outcome;
    if (wanted?.type === 'pod' && podTaken) outcome = refuseSecondPod(nic, index, ledger);
    else if (wanted !== undefined) outcome = followMap(wanted, nic, { index, ledger });
    else if (podFree)
      outcome = {
        target: { type: 'pod' },
        because: 'The first network without an entry in the network map goes to the pod network: there is one at most.',
      };
    else outcome = refuseUnmapped(nic, index, ledger);
    if (outcome.target.type === 'pod') {
      podTaken = true;
      podFree = false;
    }
    note({ nic, index, outcome }, placed.length, ledger);
    if (outcome.target.type !== 'ignored') placed.push({ nic, index, target: outcome.target });
  }
  checkAttachments(placed, context, ledger);
  return placed;
}

/** Full name of a NetworkAttachmentDefinition as `multus.networkName` wants it; without namespace it is the VM's own. */
export function attachmentName(target: Extract<NetworkTarget, { type: 'multus' }>): string {
  return target.namespace === undefined ? target.name : `${target.namespace}/${target.name}`;
}

function findTarget(map: NetworkMap, network: NetworkRef | undefined): NetworkTarget | undefined {
  if (network === undefined) return undefined;
  return map.entries.find(({ source }) => source === network.id || source === network.name)?.target;
}

function followMap(target: NetworkTarget, nic: Nic, { index, ledger }: { index: number; ledger: Ledger }): Outcome {
  if (target.type !== 'ignored') return { target, because: 'The network map says so.' };
  ledger.concern(
    'network-ignored',
    `nics[${index}].network`,
    `${nic.label} on ${networkText(nic)} is left out, as the network map says.`,
  );
  return { target, because: 'The network map says that NICs of this network are not migrated.' };
}

function refuseSecondPod(nic: Nic, index: number, ledger: Ledger): Outcome {
  ledger.concern(
    'network-pod-twice',
    `nics[${index}].network`,
    `${nic.label} is mapped to the pod network, which another NIC of this VM has already. Map ${networkText(nic)} to a network attachment.`,
  );
  return { target: { type: 'ignored' }, because: 'Another NIC of this VM has the pod network already, and KubeVirt allows one.' };
}

function refuseUnmapped(nic: Nic, index: number, ledger: Ledger): Outcome {
  ledger.concern(
    'network-unmapped',
    `nics[${index}].network`,
    `${nic.label} on ${networkText(nic)} has no target and is left out. Give the network an entry in the network map.`,
  );
  return { target: { type: 'ignored' }, because: 'The network map has no entry for this network, and the pod network is taken.' };
}

function note({ nic, index, outcome }: { nic: Nic; index: number; outcome: Outcome }, position: number, ledger: Ledger): void {
  const { target, because } = outcome;
  const from = `nics[${index}].network`;
  const was = networkText(nic);
  if (target.type === 'ignored') {
    ledger.dropped({ from: nic.network === undefined ? `nics[${index}]` : from, was, rule: RULE, because });
    return;
  }
  const value = target.type === 'pod' ? 'pod network (masquerade; the guest gets its address by DHCP)' : attachmentName(target);
  const to = `VirtualMachine/spec.template.spec.networks[${position}]`;
  if (nic.network === undefined) ledger.added({ to, value, rule: RULE, because });
  else ledger.changed({ from, to, was, value, rule: RULE, because });
  ledger.added({
    to: `${DOMAIN}.devices.interfaces[${position}].${target.type === 'pod' ? 'masquerade' : 'bridge'}`,
    value: target.type === 'pod' ? 'masquerade' : 'bridge',
    rule: 'network-binding',
    because:
      target.type === 'pod'
        ? 'Behind masquerade a VM on the pod network can be live migrated.'
        : 'A bridge puts the guest on the attached network with its own MAC address.',
  });
}

function checkAttachments(placed: readonly PlacedNic[], { facts, options }: MappingContext, ledger: Ledger): void {
  const seen = new Set<string>();
  for (const { nic, index, target } of placed) {
    if (target.type !== 'multus') continue;
    const name = attachmentName(target);
    const subject = `nics[${index}].network`;
    if (seen.has(name)) {
      ledger.concern(
        'network-attachment-twice',
        subject,
        `${nic.label} is a further NIC on ${name}. Use one attachment per NIC if the CNI plugin refuses.`,
      );
    }
    seen.add(name);
    const full = target.namespace === undefined && options.namespace !== undefined ? `${options.namespace}/${target.name}` : name;
    if (
      full.includes('/') &&
      facts.networkAttachments?.some(({ namespace, name: own }) => `${namespace}/${own}` === full) === false
    ) {
      ledger.concern('network-attachment-missing', subject, `${full} does not exist. Create it, or correct the network map.`);
    }
  }
}

/** `VM Network (VLAN 10)` for people. */
function networkText({ network }: Nic): string {
  if (network === undefined) return 'an unknown network';
  return network.vlan === undefined ? network.name : `${network.name} (VLAN ${network.vlan})`;
}
