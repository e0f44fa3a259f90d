/**
 * Static addresses of Windows. It keeps them with the card that had them and forgets them with it; virt-v2v gives one back at the first
 * boot (`--mac MAC:ip:…`), and ignores the option for Linux, where names are kept instead. It takes one IPv4 address for each NIC, and none
 * without a gateway: 2.2.0 refuses an empty one, and without a prefix the address would be alone in its network.
 */
import type { ConversionNic } from '../../../model/conversion.ts';
import type { GuestAddress } from '../../../model/network.ts';

/** The value of `--mac` that brings the address of a NIC back; undefined where there is none to bring, or it cannot. */
export function macOption(nic: ConversionNic): string | undefined {
  const address = carried(nic);
  const gateway = nic.guestIp?.gateways?.find(isIpv4);
  if (address?.prefix === undefined || gateway === undefined) return undefined;
  const servers = (nic.guestIp?.dns ?? []).filter(isIpv4);
  return [`${nic.mac}:ip:${address.address}`, gateway, String(address.prefix), ...servers].join(',');
}

/** The address that `macOption` brings back. */
export function carriedByConverter(nic: ConversionNic): string | undefined {
  return macOption(nic) === undefined ? undefined : carried(nic)?.address;
}

/** One sentence for every static address that has to be set by hand, where nothing runs at the first boot. */
export function lostAddresses(nics: readonly ConversionNic[]): string[] {
  return nics.flatMap((nic) => {
    const kept = carriedByConverter(nic);
    const lost = staticAddresses(nic).filter(({ address }) => address !== kept);
    return lost.map(
      ({ address }) => `The address ${address} of the NIC ${nic.mac} cannot be kept in Windows: set it after the first boot.`,
    );
  });
}

function carried(nic: ConversionNic): GuestAddress | undefined {
  return staticAddresses(nic).find(({ address, prefix }) => isIpv4(address) && prefix !== undefined);
}

/** What somebody set by hand. */
export function staticAddresses({ guestIp }: ConversionNic): readonly GuestAddress[] {
  if (guestIp?.dhcp !== false) return [];
  const written = (guestIp.addresses ?? []).filter(({ origin }) => origin === undefined || origin === 'static');
  return written.filter(({ address }) => !address.toLowerCase().startsWith('fe80:'));
}

export function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
}
