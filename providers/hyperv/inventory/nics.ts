/** Network adapters, and how the guest has configured them. */

import { defined } from '../../../src/model/defined.ts';
import type { GuestAddress, GuestIp } from '../../../src/model/network.ts';
import { parseMac } from '../../../src/model/units.ts';
import type { Nic } from '../../../src/model/vm.ts';
import type { Adapter } from '../scripts/vm-answer.ts';
import { isLinkLocal, prefixOf } from './addresses.ts';
import type { KnownHost } from './known-host.ts';
import { networkOf } from './networks.ts';
import { positive } from './numbers.ts';

/** `Msvm_GuestNetworkAdapterConfiguration.IPAddressOrigins`; 0 is unknown. */
const ORIGINS: readonly GuestAddress['origin'][] = [undefined, 'other', 'static', 'dhcp', 'linklayer', 'random'];
/** An adapter with a dynamic address that was never started has this one. */
const NO_MAC = '00:00:00:00:00:00';

export function readNics(adapters: readonly Adapter[], known: KnownHost): readonly Nic[] {
  const names = new Map<string, number>();
  return adapters.map((adapter) => {
    const seen = (names.get(adapter.name) ?? 0) + 1;
    names.set(adapter.name, seen);
    return readNic(adapter, { known, label: seen === 1 ? adapter.name : `${adapter.name} (${seen})` });
  });
}

function readNic(adapter: Adapter, { known, label }: { readonly known: KnownHost; readonly label: string }): Nic {
  const { dynamicMac, legacy, iovWeight } = adapter;
  const parsed = parseMac(adapter.mac ?? '');
  const mac = parsed === NO_MAC ? undefined : parsed;
  const network = networkOf(adapter, known);
  const addresses = adapter.addresses.filter((address) => !isLinkLocal(address));
  const policies = policiesOf(adapter);
  return {
    key: adapterKey(adapter.id),
    label,
    model: legacy ? 'hyperv-legacy' : 'hyperv-synthetic',
    ...defined({
      mac,
      macOrigin: mac === undefined || typeof dynamicMac !== 'boolean' ? undefined : originOf(dynamicMac),
      network,
      connected: adapter.connected ?? undefined,
      startConnected: network !== undefined,
      addresses: some(addresses),
      guestIp: readGuestIp(adapter),
      macSpoofing: adapter.macSpoofing ?? undefined,
      bandwidthLimit: positive(adapter.maximumBandwidth),
      bandwidthReservation: positive(adapter.minimumBandwidth),
      teaming: adapter.teaming ?? undefined,
      sriovOffload: typeof iovWeight === 'number' ? iovWeight > 0 : undefined,
      portPolicies: some(policies),
    }),
  };
}

function originOf(dynamic: boolean): NonNullable<Nic['macOrigin']> {
  return dynamic ? 'generated' : 'manual';
}

/** `Microsoft:VM\ADAPTER`: the last part is the adapter's own. */
export function adapterKey(id: string): string {
  return id.slice(id.lastIndexOf('\\') + 1).toLowerCase();
}

function policiesOf({ dhcpGuard, routerGuard, portMirroring }: Adapter): readonly string[] {
  return [
    ...(dhcpGuard === true ? ['DHCP guard'] : []),
    ...(routerGuard === true ? ['router guard'] : []),
    ...(portMirroring === 'Source' || portMirroring === 'Destination' ? [`port mirroring (${portMirroring.toLowerCase()})`] : []),
  ];
}

function readGuestIp({ guest }: Adapter): GuestIp | undefined {
  if (guest === null || guest === undefined) return undefined;
  const found = defined({
    dhcp: guest.dhcp ?? undefined,
    addresses: some(guest.addresses.filter(({ address }) => !isLinkLocal(address)).map(readAddress)),
    gateways: some(guest.gateways),
    dns: some(guest.dns),
  });
  return Object.keys(found).length === 0 ? undefined : found;
}

type GuestAddressSeen = NonNullable<Adapter['guest']>['addresses'][number];

function readAddress({ address, subnet, origin }: GuestAddressSeen): GuestAddress {
  return { address, ...defined({ prefix: prefixOf(subnet ?? undefined), origin: ORIGINS[origin ?? 0] }) };
}

function some<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}
