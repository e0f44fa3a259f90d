/** Network cards, and how the guest has configured them. */

import { defined } from '../../../src/model/defined.ts';
import type { GuestAddress, GuestIp, NetworkRef } from '../../../src/model/network.ts';
import { parseMac } from '../../../src/model/units.ts';
import type { Nic, NicModel } from '../../../src/model/vm.ts';
import type { ObjectProperties } from '../properties.ts';
import { members, type VimNode } from '../vim/node.ts';
import type { Networks } from './networks.ts';

const MODELS: Readonly<Record<string, NicModel>> = {
  VirtualE1000: 'e1000',
  VirtualE1000e: 'e1000e',
  VirtualPCNet32: 'pcnet',
  VirtualVmxnet: 'vmxnet',
  VirtualVmxnet2: 'vmxnet2',
  VirtualVmxnet3: 'vmxnet3',
  VirtualVmxnet3Vrdma: 'vmxnet3',
  VirtualSriovEthernetCard: 'sriov',
};

const MAC_ORIGINS: Readonly<Record<string, NonNullable<Nic['macOrigin']>>> = {
  manual: 'manual',
  generated: 'generated',
  assigned: 'assigned',
};

const ADDRESS_ORIGINS: Readonly<Record<string, NonNullable<GuestAddress['origin']>>> = {
  manual: 'static',
  dhcp: 'dhcp',
  linklayer: 'linklayer',
  random: 'random',
  other: 'other',
};

/** vSphere counts the bandwidth of a card in megabits a second; -1 is unlimited. */
const MEGABIT = 1_000_000;

export function readNics(devices: readonly VimNode[], vm: ObjectProperties, networks: Networks): readonly Nic[] {
  const guest = members(vm.node('guest.net'));
  return devices.map((device, index) => {
    const text = device.string('macAddress');
    const mac = text === undefined ? undefined : parseMac(text);
    const deviceKey = device.string('key');
    const at = guest.findIndex(
      (net) =>
        net.string('deviceConfigId') === deviceKey || (mac !== undefined && parseMac(net.string('macAddress') ?? '') === mac),
    );
    const model = MODELS[device.type ?? ''];
    const addresses = (guest[at]?.list('ipAddress') ?? []).map((node) => node.text).filter((address) => address !== '');
    return {
      key: deviceKey ?? `nic${index}`,
      label: device.string('deviceInfo', 'label') ?? `Network adapter ${index + 1}`,
      ...defined({
        model,
        modelName: model === undefined ? device.type : undefined,
        mac,
        macOrigin: MAC_ORIGINS[device.string('addressType') ?? ''],
        network: readNetwork(device.get('backing'), networks),
        connected: device.flag('connectable', 'connected'),
        startConnected: device.flag('connectable', 'startConnected'),
        addresses: addresses.length === 0 ? undefined : addresses,
        guestIp: at < 0 ? undefined : readGuestIp(guest[at], at, vm),
        bandwidthLimit: bits(device.number('resourceAllocation', 'limit')),
        bandwidthReservation: bits(device.number('resourceAllocation', 'reservation')),
      }),
    };
  });
}

function bits(megabits: number | undefined): number | undefined {
  return megabits !== undefined && megabits > 0 ? megabits * MEGABIT : undefined;
}

/** A network that the account may not see is still told by what the card says of it. */
function readNetwork(backing: VimNode | undefined, networks: Networks): NetworkRef | undefined {
  if (backing === undefined) return undefined;
  const key = backing.string('port', 'portgroupKey');
  if (key !== undefined) return networkRef(networks.byKey.get(key)) ?? { id: key, name: key, kind: 'distributed' };
  const opaque = backing.string('opaqueNetworkId');
  if (opaque !== undefined) return networkRef(networks.byOpaqueId.get(opaque)) ?? { id: opaque, name: opaque, kind: 'opaque' };
  const ref = backing.ref('network');
  const name = backing.string('deviceName');
  const known = networkRef(networks.byId.get(ref?.id ?? ''));
  if (known !== undefined) return known;
  const id = ref?.id ?? name;
  return id === undefined ? undefined : { id, name: name ?? id, kind: 'standard' };
}

/** A NIC carries the reference alone. */
function networkRef(network: Networks['all'][number] | undefined): NetworkRef | undefined {
  if (network === undefined) return undefined;
  const { description: _description, ...ref } = network;
  return ref;
}

function readGuestIp(net: VimNode | undefined, at: number, vm: ObjectProperties): GuestIp | undefined {
  const config = net?.get('ipConfig');
  const stacks = members(vm.node('guest.ipStack'));
  const dns = [net?.get('dnsConfig'), ...stacks.map((stack) => stack.get('dnsConfig'))].find((node) => node !== undefined);
  // The device of a route is the place of the card in guest.net.
  const routes = stacks
    .flatMap((stack) => stack.at('ipRouteConfig')?.list('ipRoute') ?? [])
    .filter((route) => route.string('gateway', 'device') === String(at));
  const found = defined({
    dhcp: config?.flag('dhcp', 'ipv4', 'enable'),
    addresses: some((config?.list('ipAddress') ?? []).flatMap(readAddress)),
    gateways: some(routes.filter(isDefault).flatMap((route) => route.string('gateway', 'ipAddress') ?? [])),
    dns: some(texts(dns?.list('ipAddress'))),
    searchDomains: some(texts(dns?.list('searchDomain'))),
    routes: some(routes.filter((route) => !isDefault(route)).flatMap(readRoute)),
  });
  return Object.keys(found).length === 0 ? undefined : found;
}

function some<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function texts(nodes: readonly VimNode[] | undefined): readonly string[] {
  return (nodes ?? []).map((node) => node.text).filter((text) => text !== '');
}

function readAddress(node: VimNode): readonly GuestAddress[] {
  const address = node.string('ipAddress');
  if (address === undefined) return [];
  return [{ address, ...defined({ prefix: node.number('prefixLength'), origin: ADDRESS_ORIGINS[node.string('origin') ?? ''] }) }];
}

function isDefault(route: VimNode): boolean {
  const network = route.string('network');
  return route.number('prefixLength') === 0 && (network === '0.0.0.0' || network === '::');
}

/** A route without a gateway is the card's own network, which its address tells already. */
function readRoute(route: VimNode): readonly { readonly to: string; readonly via?: string }[] {
  const network = route.string('network');
  const prefix = route.number('prefixLength');
  const via = route.string('gateway', 'ipAddress');
  return network === undefined || prefix === undefined || via === undefined ? [] : [{ to: `${network}/${prefix}`, via }];
}
