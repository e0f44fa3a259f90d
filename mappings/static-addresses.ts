/**
 * Whether the addresses of a NIC survive. On a network of layer 2 whatever the guest has configured goes on working, because the MAC is
 * kept; on a primary user-defined network the target is asked for the same addresses; on the pod network there is no way to keep them.
 */
import ipaddr from 'ipaddr.js';
import type { UserDefinedNetworkFacts } from '../src/model/cluster-facts.ts';
import type { GuestAddress, GuestIp } from '../src/model/network.ts';
import type { Nic } from '../src/model/vm.ts';
import type { Ledger } from './ledger.ts';
import type { PlacedNic } from './networks.ts';

/** On the template: interface → addresses that OVN-Kubernetes gives the VM (its enhancement on primary networks for VMs). */
export const ADDRESSES_ANNOTATION = 'network.kubevirt.io/addresses';

const ANNOTATION_PATH = `VirtualMachine/spec.template.metadata.annotations["${ADDRESSES_ANNOTATION}"]`;
const RULE = 'nic-addresses';
type Family = 'ipv4' | 'ipv6';

/** Addresses with prefix that the target is asked for; the rest of the NIC's addresses is accounted for in the ledger. */
export function keepAddresses({ nic, index, place }: PlacedNic, ledger: Ledger): readonly string[] {
  if (place.binding === 'l2bridge')
    return requestAddresses(nic, { index, stated: statedAddresses(nic), network: place.network, ledger });
  const elsewhere = place.binding === 'masquerade';
  noteAddresses(nic, { index, because: elsewhere ? ELSEWHERE : IN_GUEST, ledger });
  const lost = elsewhere ? statedAddresses(nic) : [];
  if (lost.length > 0) lose(nic, { index, addresses: lost, ledger });
  return [];
}

const ELSEWHERE = 'The pod network hands out addresses of its own.';
const IN_GUEST =
  'Set inside the guest, or by DHCP, and arrives with the disk: on the same network with the same MAC address it goes on working.';
const REQUESTED = 'The target is asked for the same addresses, so that DHCP gives them to the guest, and static ones stay right.';

interface Request {
  readonly index: number;
  readonly stated: readonly GuestAddress[];
  readonly network: UserDefinedNetworkFacts | undefined;
  readonly ledger: Ledger;
}

/** OVN-Kubernetes takes one address of each family, within the subnets of the network. */
function requestAddresses(nic: Nic, { index, stated, network, ledger }: Request): readonly string[] {
  const chosen = new Map<Family, string>();
  const lost: GuestAddress[] = [];
  for (const one of stated) {
    const family = ipaddr.parse(one.address).kind();
    const full = withPrefix(one, network);
    if (full === undefined || chosen.has(family)) lost.push(one);
    else chosen.set(family, full);
  }
  const addresses = [...chosen.values()];
  noteAddresses(nic, { index, because: addresses.length > 0 ? REQUESTED : ELSEWHERE, requested: addresses, ledger });
  if (lost.length > 0) lose(nic, { index, addresses: lost, ledger });
  return addresses;
}

/** Undefined where the network cannot give the address, or nobody knows how long its prefix is. */
function withPrefix({ address, prefix }: GuestAddress, network: UserDefinedNetworkFacts | undefined): string | undefined {
  if (network?.persistentIps === false) return undefined;
  if (network?.subnets === undefined) return prefix === undefined ? undefined : `${address}/${prefix}`;
  const parsed = ipaddr.parse(address);
  for (const subnet of network.subnets) {
    if (!ipaddr.isValidCIDR(subnet)) continue;
    const [base, length] = ipaddr.parseCIDR(subnet);
    if (base.kind() === parsed.kind() && parsed.match(base, length)) return `${address}/${length}`;
  }
  return undefined;
}

/** Addresses that somebody could miss: none that a guest makes for itself on every link, and none that is not one. */
function statedAddresses({ guestIp, addresses = [] }: Nic): readonly GuestAddress[] {
  const all: readonly GuestAddress[] = guestIp?.addresses ?? addresses.map((address) => ({ address }));
  return all.filter(
    ({ address, origin }) => origin !== 'linklayer' && origin !== 'random' && isAddress(address) && !isLinkLocal(address),
  );
}

/** Written out in full: `192.168` and `010.0.0.1` are no addresses that a target should be asked for. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

function isLinkLocal(address: string): boolean {
  const range = ipaddr.parse(address).range();
  return range === 'linkLocal' || range === 'loopback' || range === 'multicast' || range === 'unspecified';
}

interface Note {
  readonly index: number;
  readonly because: string;
  /** What the target is asked for. */
  readonly requested?: readonly string[];
  readonly ledger: Ledger;
}

/** One line for what the source shows of the NIC, and one for what the guest's tools tell of it. */
export function noteAddresses({ addresses, guestIp }: Nic, { index, because, requested = [], ledger }: Note): void {
  const shown = addresses?.join(', ') ?? '';
  const told = guestIp === undefined ? '' : guestIpText(guestIp);
  const to = ANNOTATION_PATH;
  const value = requested.join(', ');
  const first = { from: `nics[${index}].addresses`, was: shown, rule: RULE, because };
  const second = { from: `nics[${index}].guestIp`, was: told, rule: RULE, because };
  if (shown !== '') {
    if (value === '') ledger.dropped(first);
    else ledger.kept({ ...first, to, value });
  }
  if (told !== '') {
    if (value === '') ledger.dropped(second);
    else ledger.changed({ ...second, to, value, because: `${because} Gateway and DNS servers come from the target.` });
  }
}

interface Lost {
  readonly index: number;
  readonly addresses: readonly GuestAddress[];
  readonly ledger: Ledger;
}

function lose({ label, guestIp, addresses: plain }: Nic, { index, addresses, ledger }: Lost): void {
  const subject = `nics[${index}].${plain === undefined ? 'guestIp' : 'addresses'}`;
  const text = addresses.map(({ address }) => address).join(', ');
  const dynamic =
    addresses.every(({ origin }) => origin === 'dhcp') ||
    (guestIp?.dhcp === true && !addresses.some(({ origin }) => origin === 'static'));
  if (dynamic) {
    ledger.concern(
      'nic-address-changes',
      subject,
      `${label} has ${text} by DHCP and gets another address. Tell those who use it by address.`,
    );
    return;
  }
  ledger.concern(
    'nic-address-lost',
    subject,
    `${label} has ${text}, which the target network cannot give. Let the guest use DHCP, or map the network to an attachment to keep it.`,
  );
}

/** `DHCP, 192.0.2.10/24, gateway 192.0.2.1, DNS 192.0.2.53` for people. */
function guestIpText({ dhcp, addresses = [], gateways = [], dns = [], searchDomains = [], routes = [] }: GuestIp): string {
  const parts = [
    ...(dhcp === undefined ? [] : [dhcp ? 'DHCP' : 'static']),
    ...addresses.map(({ address, prefix }) => (prefix === undefined ? address : `${address}/${prefix}`)),
    ...gateways.map((gateway) => `gateway ${gateway}`),
    ...dns.map((server) => `DNS ${server}`),
    ...searchDomains.map((domain) => `search ${domain}`),
    ...routes.map(({ to, via }) => (via === undefined ? `route ${to}` : `route ${to} via ${via}`)),
  ];
  return parts.join(', ');
}
