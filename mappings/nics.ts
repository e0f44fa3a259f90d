/** NICs → interfaces. Which network each goes to is decided in networks.ts. */
import type { GuestOs } from '../src/model/guest-os/row.ts';
import type { Interface, InterfaceBinding, InterfaceModel, Network } from '../src/model/manifest.ts';
import type { Nic, SourceVm } from '../src/model/vm.ts';
import type { BootOrder } from './boot-order.ts';
import type { MappingContext } from './context.ts';
import { avoidVirtio } from './guest-facts.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { type Place as NetworkPlace, type PlacedNic, placeNics } from './networks.ts';
import { ADDRESSES_ANNOTATION, keepAddresses, noteAddresses } from './static-addresses.ts';
import { nicName } from './templates.ts';

/** Of the bridge inside the pod behind masquerade (KubeVirt, pkg/network/link/mac.go). */
const RESERVED_MAC = '02:00:00:00:00:00';

interface NicContext {
  readonly context: MappingContext;
  readonly os: GuestOs | undefined;
  readonly boot: BootOrder;
  readonly ledger: Ledger;
}

interface MappedNics {
  readonly interfaces: readonly Interface[];
  readonly networks: readonly Network[];
  /** For the template. */
  readonly annotations: Readonly<Record<string, string>>;
}

export function mapNics(vm: SourceVm, { context, os, boot, ledger }: NicContext): MappedNics {
  const placed = placeNics(vm, context, ledger);
  const model = chooseModel(context, os);
  const named = placed.map((entry, position) => [nicName(context.options.nicNames, position), entry] as const);
  const interfaces = named.map(([name, entry], position) => toInterface(entry, { name, position, model, boot, ledger }));
  const addresses = named.map(([name, entry]) => [name, keepAddresses(entry, ledger)] as const);
  for (const [index, nic] of vm.nics.entries()) {
    if (!placed.some((entry) => entry.index === index)) dropNic(nic, index, ledger);
  }
  ledger.added({
    to: `${DOMAIN}.devices.autoattachPodInterface`,
    value: false,
    rule: 'nic-list',
    because: 'Otherwise KubeVirt gives a VM without interfaces a NIC that the source never had.',
  });
  return {
    interfaces,
    networks: named.map(([name, entry]) => toNetwork(entry, name)),
    annotations: addressAnnotation(addresses),
  };
}

/** Nothing where the target is asked for no address. */
function addressAnnotation(
  addresses: readonly (readonly [nic: string, addresses: readonly string[]])[],
): Readonly<Record<string, string>> {
  const requested = addresses.filter(([, list]) => list.length > 0);
  return requested.length === 0 ? {} : { [ADDRESSES_ANNOTATION]: JSON.stringify(Object.fromEntries(requested)) };
}

function toNetwork({ place }: PlacedNic, name: string): Network {
  return 'attachment' in place ? { name, multus: { networkName: place.attachment } } : { name, pod: {} };
}

function toBinding({ binding }: NetworkPlace): InterfaceBinding {
  if (binding === 'l2bridge') return { binding: { name: binding } };
  if (binding === 'masquerade') return { masquerade: {} };
  return binding === 'sriov' ? { sriov: {} } : { bridge: {} };
}

interface InterfaceContext {
  /** Of the interface and its network. */
  readonly name: string;
  readonly position: number;
  readonly model: { readonly value: InterfaceModel; readonly because: string };
  readonly boot: BootOrder;
  readonly ledger: Ledger;
}

function toInterface({ nic, index, place }: PlacedNic, { name, position, model, boot, ledger }: InterfaceContext): Interface {
  const from = `nics[${index}]`;
  const to = `${DOMAIN}.devices.interfaces[${position}]`;
  ledger.changed({
    from: `${from}.label`,
    to: `${to}.name`,
    was: nic.label,
    value: name,
    rule: 'nic-name',
    because: 'Interface and network are tied by a name of Kubernetes form; NICs keep their order.',
  });
  ledger.dropped({
    from: `${from}.key`,
    was: nic.key,
    rule: 'nic-name',
    because: 'The slot of the old virtual hardware; the order of the NICs is kept instead.',
  });
  const { binding } = place;
  const sriov = binding === 'sriov';
  if (sriov) dropModel(nic, from, ledger);
  else noteModel(nic, { from, to, model, ledger });
  const bootOrder = boot.nics.get(nic.key);
  if (bootOrder !== undefined) {
    ledger.added({
      to: `${to}.bootOrder`,
      value: bootOrder,
      rule: 'boot-order',
      because: 'The source boots from the network as well.',
    });
  }
  return {
    name,
    ...(sriov ? {} : { model: model.value }),
    ...mapMac(nic, { from, to, binding, ledger }),
    ...mapLink(nic, { from, to, binding, ledger }),
    ...(bootOrder === undefined ? {} : { bootOrder }),
    ...toBinding(place),
  };
}

function chooseModel(context: MappingContext, os: GuestOs | undefined): InterfaceContext['model'] {
  const avoided = context.options.devices === 'compatibility' ? 'Compatible devices were asked for.' : avoidVirtio(context).nics;
  if (avoided === undefined)
    return { value: 'virtio', because: 'The fastest model; the guest has, or will be given, virtio drivers.' };
  if (os !== undefined && !os.ahci)
    return { value: 'e1000', because: `${avoided} A guest of this age has a driver for the E1000.` };
  return { value: 'e1000e', because: `${avoided} Nearly every guest has a driver for the E1000E.` };
}

type Place = { readonly from: string; readonly to: string; readonly ledger: Ledger };

function noteModel(nic: Nic, { from, to, model, ledger }: Place & { model: InterfaceContext['model'] }): void {
  const { value, because } = model;
  const entry = { to: `${to}.model`, value, rule: 'nic-model', because };
  if (nic.model === undefined) ledger.added(entry);
  else if (nic.model === value) ledger.kept({ ...entry, from: `${from}.model`, was: nic.model });
  else ledger.changed({ ...entry, from: `${from}.model`, was: nic.model });
  ledger.dropped({
    from: `${from}.modelName`,
    was: nic.modelName,
    rule: 'nic-model',
    because: 'KubeVirt has models of its own.',
  });
}

/** SR-IOV: the guest needs the driver of the card, whatever model it had. */
function dropModel(nic: Nic, from: string, ledger: Ledger): void {
  const because = 'The guest sees the node’s network card itself and needs a driver for it.';
  for (const fact of ['model', 'modelName'] as const) {
    ledger.dropped({ from: `${from}.${fact}`, was: nic[fact], rule: 'nic-model', because });
  }
}

type BoundPlace = Place & { readonly binding: NetworkPlace['binding'] };

function mapMac(nic: Nic, { from, to, binding, ledger }: BoundPlace): Pick<Interface, 'macAddress'> {
  const rule = 'nic-mac';
  const { mac } = nic;
  ledger.dropped({
    from: `${from}.macOrigin`,
    was: nic.macOrigin,
    rule,
    because: 'However the source came to the address, it is fixed from now on.',
  });
  if (mac === undefined) return {};
  if (binding === 'masquerade' && mac === RESERVED_MAC) {
    const because = 'KubeVirt uses this address itself on the pod network; the NIC gets another one.';
    ledger.dropped({ from: `${from}.mac`, was: mac, rule, because });
    ledger.concern(
      'nic-mac-reserved',
      `${from}.mac`,
      `${nic.label} gets another MAC address. Tell those who know it by this one, or map its network elsewhere.`,
    );
    return {};
  }
  const because = 'The guest recognises its NIC, and DHCP its client, by the MAC address.';
  ledger.kept({ from: `${from}.mac`, to: `${to}.macAddress`, was: mac, value: mac, rule, because });
  return { macAddress: mac };
}

function mapLink(nic: Nic, { from, to, binding, ledger }: BoundPlace): Pick<Interface, 'state'> {
  const rule = 'nic-link';
  ledger.dropped({
    from: `${from}.connected`,
    was: nic.connected,
    rule,
    because: 'How the link is at this moment does not matter; how it is at a start does.',
  });
  const start = { from: `${from}.startConnected`, was: nic.startConnected, rule };
  if (nic.startConnected !== false) {
    ledger.dropped({ ...start, because: 'A link is up unless said otherwise.' });
    return {};
  }
  if (binding === 'sriov') {
    ledger.dropped({ ...start, because: 'KubeVirt has no link state for SR-IOV NICs.' });
    ledger.concern(
      'nic-link-up',
      start.from,
      `${nic.label} is not connected when the VM starts, and will be. Leave the NIC out or map its network to a bridge.`,
    );
    return {};
  }
  const because = 'The NIC is not connected when the VM starts; its link stays down until somebody raises it.';
  ledger.kept({ ...start, to: `${to}.state`, value: 'down', because });
  return { state: 'down' };
}

const LEFT_OUT = 'The NIC is left out.';

/** A NIC without a target takes its facts along; each is named, so that nothing disappears unseen. */
function dropNic(nic: Nic, index: number, ledger: Ledger): void {
  const facts = {
    key: nic.key,
    label: nic.label,
    model: nic.model,
    modelName: nic.modelName,
    mac: nic.mac,
    macOrigin: nic.macOrigin,
  } as const;
  const links = { connected: nic.connected, startConnected: nic.startConnected } as const;
  for (const [fact, was] of Object.entries({ ...facts, ...links })) {
    ledger.dropped({ from: `nics[${index}].${fact}`, was, rule: 'nic-left-out', because: LEFT_OUT });
  }
  noteAddresses(nic, { index, because: LEFT_OUT, ledger });
}
