/** The addresses that a guest in the cluster has, beside those that it had at its source. Pure. */
import type { VirtualMachine } from '../../model/manifest.ts';
import type { Nic, SourceVm } from '../../model/vm.ts';
import type { NicSight } from './machine-sight.ts';

/** By MAC address. */
export function addressesOf(nics: readonly NicSight[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(nics.flatMap(({ mac, addresses }) => (mac === undefined ? [] : [[mac, addresses]])));
}

/** NICs whose address was written down in the guest at its source, and for which the agent has not named any yet. */
export function awaited(vm: SourceVm, nics: readonly NicSight[]): boolean {
  return vm.nics.some((nic) => {
    const now = nics.find(({ mac }) => mac === nic.mac?.toLowerCase());
    return now !== undefined && staticOf(nic).length > 0 && !(now.byGuest && now.addresses.length > 0);
  });
}

/** Static addresses of the source that the guest was not seen to have, a sentence each. */
export function addressDifferences(vm: SourceVm, manifest: VirtualMachine, nics: readonly NicSight[]): readonly string[] {
  const { networks, domain } = manifest.spec.template.spec;
  const pod = new Set(networks.filter((network) => 'pod' in network).map(({ name }) => name));
  const placed = new Map(domain.devices.interfaces.map(({ macAddress, name }) => [macAddress?.toLowerCase(), name]));
  return vm.nics.flatMap((nic) => {
    const mac = nic.mac?.toLowerCase();
    const network = placed.get(mac);
    if (mac === undefined || network === undefined) return [];
    const now = nics.find((each) => each.mac === mac);
    const had = staticOf(nic).filter((address) => !(now?.addresses.includes(address) ?? false));
    return had.map((address) => {
      const lost = `${nic.label} had the address ${address} at the source`;
      if (pod.has(network)) return `${lost}; on the pod network the cluster gives its own${told(now, ': ')}.`;
      if (now?.byGuest !== true) return `${lost}; nobody tells which it has here, because no guest agent is connected.`;
      return now.addresses.length === 0 ? `${lost}, and none here.` : `${lost}, and here${told(now, ' ')}.`;
    });
  });
}

/** Nobody chose a link-local address. */
function staticOf({ guestIp }: Nic): readonly string[] {
  if (guestIp === undefined || guestIp.dhcp === true) return [];
  return (guestIp.addresses ?? [])
    .filter(({ origin, address }) => (origin === undefined || origin === 'static') && !/^(fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address);
}

function told(nic: NicSight | undefined, before: string): string {
  return nic === undefined || nic.addresses.length === 0 ? '' : `${before}${nic.addresses.join(', ')}`;
}
