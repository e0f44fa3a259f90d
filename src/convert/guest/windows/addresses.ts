/**
 * Static addresses of Windows that virt-v2v's `--mac` has no room for: all but one IPv4 address with its gateway (network/windows.ts). Set by
 * netsh at the first boot, on the NIC that has the MAC then. Pure.
 */
import type { ConversionNic } from '../../../model/conversion.ts';
import { carriedByConverter, isIpv4, staticAddresses } from '../network/windows.ts';

/** Lines of PowerShell 2 or later (Windows 7, 2008 R2); none where nothing is left to set. Values are checked: nothing of a guest runs as code. */
export function addressCommands(nic: ConversionNic): readonly string[] {
  const carried = carriedByConverter(nic);
  const commands = [...addresses(nic, carried), ...gateways(nic, carried), ...routes(nic), ...servers(nic, carried)];
  if (commands.length === 0) return [];
  return [
    `$nic = Get-WmiObject Win32_NetworkAdapter | Where-Object { $_.MACAddress -eq '${nic.mac.toUpperCase()}' -and $_.PhysicalAdapter }`,
    `if (-not $nic) { Write-Output 'No NIC has the MAC ${nic.mac}.'; exit 1 }`,
    '$at = $nic.InterfaceIndex',
    ...commands,
  ];
}

function addresses(nic: ConversionNic, carried: string | undefined): string[] {
  return staticAddresses(nic).flatMap(({ address, prefix }) => {
    if (address === carried || prefix === undefined || !isAddress(address)) return [];
    if (isIpv4(address)) return [`netsh interface ipv4 add address $at ${address} ${mask(prefix)}`];
    return [`netsh interface ipv6 add address $at ${address}/${prefix}`];
  });
}

function gateways(nic: ConversionNic, carried: string | undefined): string[] {
  if (nic.guestIp?.dhcp !== false) return [];
  const all = (nic.guestIp.gateways ?? []).filter(isAddress);
  const kept = carried === undefined ? undefined : all.find(isIpv4);
  return all
    .filter((gateway) => gateway !== kept)
    .map((gateway) => `netsh interface ${family(gateway)} add route ${isIpv4(gateway) ? '0.0.0.0/0' : '::/0'} $at ${gateway}`);
}

function routes({ guestIp }: ConversionNic): string[] {
  if (guestIp?.dhcp !== false) return [];
  return (guestIp.routes ?? []).flatMap(({ to, via }) => {
    const [network = '', prefix = ''] = to.split('/');
    if (via === undefined || !isAddress(network) || !/^\d{1,3}$/.test(prefix) || !isAddress(via)) return [];
    return [`netsh interface ${family(network)} add route ${to} $at ${via}`];
  });
}

/** The converter sets those of IPv4 where it sets an address. */
function servers({ guestIp }: ConversionNic, carried: string | undefined): string[] {
  if (guestIp?.dhcp !== false) return [];
  return (guestIp.dns ?? [])
    .filter((server) => isAddress(server) && (carried === undefined || !isIpv4(server)))
    .map((server) => `netsh interface ${family(server)} add dnsservers $at ${server} validate=no`);
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIpv4(address) ? 'ipv4' : 'ipv6';
}

/** Only characters of addresses, and one of their shapes. */
function isAddress(text: string): boolean {
  return isIpv4(text) || /^[0-9a-f:]{2,39}$/i.test(text);
}

function mask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}
