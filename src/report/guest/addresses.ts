/** The addresses of a guest at its source beside those that it was seen to use at its target, NIC by NIC. */
import type { BootProof } from '../../model/boot-proof.ts';
import type { GuestOutcome } from '../../model/conversion.ts';
import { isLinkLocal, type StaticNic, staticNics } from '../../model/static-addresses.ts';
import type { SourceVm } from '../../model/vm.ts';
import type { Exhibit } from '../exhibit.ts';

/** `same`: at both. `missing`: the NIC was seen with others only. `new`: at the target only. */
type AddressFate = 'same' | 'missing' | 'new' | 'not seen';

interface AddressPair {
  readonly nic: string;
  readonly mac: string;
  readonly before: string;
  readonly after: string;
  readonly fate: AddressFate;
}

export function addressesExhibit(
  vm: SourceVm,
  proof: BootProof,
  conversion: Pick<GuestOutcome, 'configured'> | undefined,
): readonly Exhibit[] {
  const own = staticNics(vm, conversion).filter(({ by }) => by === 'guest');
  const pairs = comparedAddresses(vm, proof, own);
  if (pairs.length === 0) return [];
  const asking = vm.nics.filter(({ guestIp }) => guestIp?.dhcp === true).map(({ label }) => label);
  return [
    {
      title: 'Addresses before and after',
      lines:
        asking.length === 0
          ? []
          : [
              `Another address of ${asking.join(', ')} is no surprise: DHCP gives it, and the proof may run in a network of its own.`,
            ],
      head: ['NIC', 'MAC', 'Before', 'After', 'Outcome'],
      rows: pairs.map(({ nic, mac, before, after, fate }) => [nic, mac, before, after, fate]),
    },
  ];
}

/** Link-local addresses are left out on both sides: nobody chose them. */
function comparedAddresses(
  { nics }: SourceVm,
  { addresses }: Pick<BootProof, 'addresses'>,
  own: readonly StaticNic[],
): readonly AddressPair[] {
  const known = nics.flatMap(({ label, mac, guestIp }) => {
    if (mac === undefined) return [];
    const written = own.find((each) => each.mac === mac.toLowerCase());
    const pairs = pairsOf({ label, mac, before: written?.addresses ?? guestIp?.addresses ?? [] }, addresses);
    return written === undefined ? pairs : pairs.map((pair) => ({ ...pair, before: byGuest(pair.before) }));
  });
  const macs = new Set<string | undefined>(nics.map(({ mac }) => mac));
  const others = Object.entries(addresses).filter(([mac]) => !macs.has(mac));
  return [
    ...known,
    ...others.flatMap(([mac, after]) =>
      chosen(after).map((address) => ({ nic: '', mac, before: '', after: address, fate: 'new' as const })),
    ),
  ];
}

function byGuest(before: string): string {
  return before === '' ? '' : `${before}, by the guest's own configuration`;
}

interface NicBefore {
  readonly label: string;
  readonly mac: string;
  readonly before: readonly { readonly address: string }[];
}

function pairsOf({ label, mac, ...nic }: NicBefore, addresses: BootProof['addresses']): readonly AddressPair[] {
  const before = chosen(nic.before.map(({ address }) => address));
  const after = chosen(addresses[mac] ?? []);
  const at = { nic: label, mac };
  const lost: AddressFate = after.length === 0 ? 'not seen' : 'missing';
  return [
    ...before.map((address) =>
      after.includes(address)
        ? { ...at, before: address, after: address, fate: 'same' as const }
        : { ...at, before: address, after: '', fate: lost },
    ),
    ...after
      .filter((address) => !before.includes(address))
      .map((address) => ({ ...at, before: '', after: address, fate: 'new' as const })),
  ];
}

function chosen(addresses: readonly string[]): readonly string[] {
  return addresses.map(canonical).filter((address) => !isLinkLocal(address) && !/^(127\.|::1$)/.test(address));
}

/** One spelling for each IPv6 address (RFC 5952); anything else stays as it is. */
function canonical(address: string): string {
  if (!address.includes(':')) return address;
  const [bare = ''] = address.split('%');
  return URL.parse(`http://[${bare}]`)?.hostname.slice(1, -1) ?? address;
}
