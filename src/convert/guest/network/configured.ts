/** The static addresses of a Linux guest by its own configuration, NIC by NIC. Pure. What stands on a bridge, a bond or a VLAN is left out. */
import ipaddr from 'ipaddr.js';
import type { ConfiguredNic, ConversionNic } from '../../../model/conversion.ts';
import type { NetworkFile } from '../../../model/guest-inspection.ts';
import { isLinkLocal } from '../../../model/static-addresses.ts';
import { bindNames } from './bindings.ts';
import { type NicSettings, settingsIn } from './settings.ts';

/** Of a NIC. They are for probes and people: the guest itself keeps all that it has. */
const MAX_ADDRESSES = 8;

/** NICs that have any. A name counts for the NIC that keeps it (bindings.ts). */
export function configuredNics(files: readonly NetworkFile[], nics: readonly ConversionNic[]): readonly ConfiguredNic[] {
  const { bound } = bindNames(files, nics);
  const settings = files.flatMap(settingsIn);
  const ownerOf = ({ names, macs }: NicSettings): string | undefined => {
    const said = macs.map((mac) => mac.toLowerCase().replaceAll('-', ':'));
    if (said.length > 0) return nics.find(({ mac }) => said.includes(mac))?.mac;
    const byName = bound.find(({ name }) => names.includes(name))?.mac;
    const isLoose = names.every((name) => /[*?[]/.test(name));
    return byName ?? (isLoose && nics.length === 1 ? nics[0]?.mac : undefined);
  };
  return nics.flatMap(({ mac }) => {
    const own = settings.filter((each) => ownerOf(each) === mac);
    const addresses = chosen(own.flatMap((each) => each.addresses));
    const gateways = chosen(own.flatMap((each) => each.gateways));
    return addresses.length === 0 ? [] : [{ mac, addresses, gateways }];
  });
}

/** In one spelling, each once, IPv4 first. */
function chosen(written: readonly string[]): readonly string[] {
  const all = [...new Set(written.flatMap(canonical))];
  const isSix = (address: string): boolean => address.includes(':');
  return [...all.filter((address) => !isSix(address)), ...all.filter(isSix)].slice(0, MAX_ADDRESSES);
}

function canonical(written: string): readonly string[] {
  const [text = '', prefix, ...more] = written.trim().split('/');
  if (more.length > 0 || !(ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text))) return [];
  const address = ipaddr.parse(text);
  if (isLinkLocal(text) || address.range() === 'loopback' || address.range() === 'unspecified') return [];
  const bits = Number(prefix);
  const fits = prefix !== undefined && /^\d{1,3}$/.test(prefix) && bits <= (address.kind() === 'ipv4' ? 32 : 128);
  return [fits ? `${address.toString()}/${bits}` : address.toString()];
}
