/** The addresses that a guest in the cluster has, beside those that it had at its source. Pure. */
import type { VirtualMachine } from '../../model/manifest.ts';
import type { StaticNic } from '../../model/static-addresses.ts';
import type { NicSight } from './machine-sight.ts';

/** By MAC address. */
export function addressesOf(nics: readonly NicSight[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(nics.flatMap(({ mac, addresses }) => (mac === undefined ? [] : [[mac, addresses]])));
}

/** Whether the agent has not named an address yet of a NIC that has one written down. */
export function awaited(known: readonly StaticNic[], nics: readonly NicSight[]): boolean {
  return known.some(({ mac }) => {
    const now = nics.find((each) => each.mac === mac);
    return now !== undefined && !(now.byGuest && now.addresses.length > 0);
  });
}

/** Static addresses that the guest was not seen to have, a sentence each. */
export function addressDifferences(
  known: readonly StaticNic[],
  manifest: VirtualMachine,
  nics: readonly NicSight[],
): readonly string[] {
  const { networks, domain } = manifest.spec.template.spec;
  const pod = new Set(networks.filter((network) => 'pod' in network).map(({ name }) => name));
  const placed = new Map(domain.devices.interfaces.map(({ macAddress, name }) => [macAddress?.toLowerCase(), name]));
  return known.flatMap(({ label, mac, by, addresses }) => {
    const network = placed.get(mac);
    if (network === undefined) return [];
    const now = nics.find((each) => each.mac === mac);
    const unseen = addresses.filter(({ address }) => !(now?.addresses.includes(address) ?? false));
    return unseen.map(({ address }) => {
      const lost = `${label} had the address ${address} ${by === 'source' ? 'at the source' : "by the guest's own configuration"}`;
      if (pod.has(network)) return `${lost}; on the pod network the cluster gives its own${told(now, ': ')}.`;
      if (now?.byGuest !== true) return `${lost}; nobody tells which it has here, because no guest agent is connected.`;
      return now.addresses.length === 0 ? `${lost}, and none here.` : `${lost}, and here${told(now, ' ')}.`;
    });
  });
}

function told(nic: NicSight | undefined, before: string): string {
  return nic === undefined || nic.addresses.length === 0 ? '' : `${before}${nic.addresses.join(', ')}`;
}
