/** Which addresses a guest has written down for itself, by whose word. For proofs, which look for it there, and for reports. */
import type { ConfiguredNic, GuestOutcome } from './conversion.ts';
import type { GuestAddress, GuestIp } from './network.ts';
import type { Nic, SourceVm } from './vm.ts';

/** A NIC and its static addresses: never empty. */
export interface StaticNic {
  readonly label: string;
  /** In lower case. */
  readonly mac: string;
  /** `source`: the guest told them while it ran there. `guest`: they stand in its configuration, which was read when it was converted. */
  readonly by: 'source' | 'guest';
  readonly addresses: readonly Pick<GuestAddress, 'address' | 'prefix'>[];
  readonly gateways: readonly string[];
}

/** NIC by NIC: what the source told, else what the guest's own configuration says. */
export function staticNics(
  { nics }: Pick<SourceVm, 'nics'>,
  conversion: Pick<GuestOutcome, 'configured'> | undefined,
): readonly StaticNic[] {
  return nics.flatMap((nic): readonly StaticNic[] => {
    const mac = nic.mac?.toLowerCase();
    if (mac === undefined) return [];
    const own = isTold(nic) ? undefined : conversion?.configured?.find((each) => each.mac === mac);
    const { addresses, gateways } = own === undefined ? writtenDown(nic.guestIp) : configured(own);
    if (addresses.length === 0) return [];
    return [{ label: nic.label, mac, by: own === undefined ? 'source' : 'guest', addresses, gateways }];
  });
}

/** Nobody chose it: every interface has one of its own making. */
export function isLinkLocal(address: string): boolean {
  return /^(fe[89ab][0-9a-f]:|169\.254\.)/i.test(address);
}

/** Whatever a running guest told counts more than its files: also that it asks DHCP. */
function isTold({ guestIp }: Nic): boolean {
  return guestIp?.dhcp === true || (guestIp?.addresses ?? []).some(({ address }) => !isLinkLocal(address));
}

function writtenDown(guestIp: GuestIp | undefined): Pick<StaticNic, 'addresses' | 'gateways'> {
  const chosen = (guestIp?.addresses ?? []).filter(
    ({ origin, address }) => (origin === undefined || origin === 'static' || origin === 'other') && !isLinkLocal(address),
  );
  return { addresses: guestIp?.dhcp === true ? [] : chosen, gateways: guestIp?.gateways ?? [] };
}

function configured({ addresses, gateways }: ConfiguredNic): Pick<StaticNic, 'addresses' | 'gateways'> {
  return {
    gateways,
    addresses: addresses.map((text) => {
      const [address = '', prefix] = text.split('/');
      return prefix === undefined ? { address } : { address, prefix: Number(prefix) };
    }),
  };
}
