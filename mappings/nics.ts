/** NICs → interfaces. Which network each goes to is decided in networks.ts. */
import type { GuestOs } from '../src/model/guest-os/row.ts';
import type { Interface, InterfaceModel, Network } from '../src/model/manifest.ts';
import type { Nic, SourceVm } from '../src/model/vm.ts';
import type { BootOrder } from './boot-order.ts';
import type { MappingContext } from './context.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { attachmentName, type PlacedNic, placeNics } from './networks.ts';

interface NicContext {
  readonly context: MappingContext;
  readonly os: GuestOs | undefined;
  readonly boot: BootOrder;
  readonly ledger: Ledger;
}

export function mapNics(
  vm: SourceVm,
  { context, os, boot, ledger }: NicContext,
): { interfaces: readonly Interface[]; networks: readonly Network[] } {
  const placed = placeNics(vm, context, ledger);
  const model = chooseModel(context, os);
  const interfaces = placed.map((entry, position) => toInterface(entry, { position, model, boot, ledger }));
  for (const [index, nic] of vm.nics.entries()) {
    if (!placed.some((entry) => entry.index === index)) dropNic(nic, index, ledger);
  }
  ledger.added({
    to: `${DOMAIN}.devices.autoattachPodInterface`,
    value: false,
    rule: 'nic-list',
    because: 'Otherwise KubeVirt gives a VM without interfaces a NIC that the source never had.',
  });
  return { interfaces, networks: placed.map(toNetwork) };
}

/** Interface and network share it. */
function nicName(position: number): string {
  return `nic-${position}`;
}

function toNetwork({ target }: PlacedNic, position: number): Network {
  const name = nicName(position);
  return target.type === 'pod' ? { name, pod: {} } : { name, multus: { networkName: attachmentName(target) } };
}

interface InterfaceContext {
  readonly position: number;
  readonly model: { readonly value: InterfaceModel; readonly because: string };
  readonly boot: BootOrder;
  readonly ledger: Ledger;
}

function toInterface({ nic, index, target }: PlacedNic, { position, model, boot, ledger }: InterfaceContext): Interface {
  const from = `nics[${index}]`;
  const to = `${DOMAIN}.devices.interfaces[${position}]`;
  const name = nicName(position);
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
  noteModel(nic, { from, to, model, ledger });
  noteMac(nic, { from, to, ledger });
  noteAddresses(nic, { index, pod: target.type === 'pod', ledger });
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
    model: model.value,
    ...(nic.mac === undefined ? {} : { macAddress: nic.mac }),
    ...mapLink(nic, { from, to, ledger }),
    ...(bootOrder === undefined ? {} : { bootOrder }),
    ...(target.type === 'pod' ? { masquerade: {} } : { bridge: {} }),
  };
}

function chooseModel({ options }: MappingContext, os: GuestOs | undefined): InterfaceContext['model'] {
  if (options.devices === 'virtio')
    return { value: 'virtio', because: 'The fastest model; the guest has, or will be given, virtio drivers.' };
  if (os !== undefined && !os.ahci)
    return { value: 'e1000', because: 'Compatible devices were asked for, and a guest of this age has a driver for the E1000.' };
  return { value: 'e1000e', because: 'Compatible devices were asked for: nearly every guest has a driver for the E1000E.' };
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

function noteMac(nic: Nic, { from, to, ledger }: Place): void {
  if (nic.mac !== undefined) {
    const because = 'The guest recognises its NIC, and DHCP its client, by the MAC address.';
    ledger.kept({ from: `${from}.mac`, to: `${to}.macAddress`, was: nic.mac, value: nic.mac, rule: 'nic-mac', because });
  }
  ledger.dropped({
    from: `${from}.macOrigin`,
    was: nic.macOrigin,
    rule: 'nic-mac',
    because: 'However the source came to the address, it is fixed from now on.',
  });
}

function noteAddresses(nic: Nic, { index, pod, ledger }: { index: number; pod: boolean; ledger: Ledger }): void {
  if (nic.addresses === undefined || nic.addresses.length === 0) return;
  const from = `nics[${index}].addresses`;
  const was = nic.addresses.join(', ');
  const because = pod
    ? 'The pod network hands out addresses of its own.'
    : 'Addresses are set inside the guest, or by DHCP, and arrive with the disk.';
  ledger.dropped({ from, was, rule: 'nic-addresses', because });
  if (!pod) return;
  ledger.concern(
    'nic-address-lost',
    from,
    `${nic.label} has ${was}. On the pod network the guest must use DHCP; map the network to an attachment to keep the address.`,
  );
}

function mapLink(nic: Nic, { from, to, ledger }: Place): Pick<Interface, 'state'> {
  const rule = 'nic-link';
  if (nic.startConnected === false) {
    const because = 'The NIC is not connected when the VM starts; its link stays down until somebody raises it.';
    ledger.kept({ from: `${from}.startConnected`, to: `${to}.state`, was: false, value: 'down', rule, because });
  } else {
    ledger.dropped({
      from: `${from}.startConnected`,
      was: nic.startConnected,
      rule,
      because: 'A link is up unless said otherwise.',
    });
  }
  ledger.dropped({
    from: `${from}.connected`,
    was: nic.connected,
    rule,
    because: 'How the link is at this moment does not matter; how it is at a start does.',
  });
  return nic.startConnected === false ? { state: 'down' } : {};
}

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
  const links = { connected: nic.connected, startConnected: nic.startConnected, addresses: nic.addresses?.join(', ') } as const;
  for (const [fact, was] of Object.entries({ ...facts, ...links })) {
    ledger.dropped({ from: `nics[${index}].${fact}`, was, rule: 'nic-left-out', because: 'The NIC is left out.' });
  }
}
