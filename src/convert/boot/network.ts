/**
 * A network of nobody but the guest and qemu's user-mode stack, which plays the gateway: with `restrict=on` nothing leaves it
 * but what a probe asks for. Where the guest's static address is known, the network is made to fit it. Pure.
 */
import ipaddr from 'ipaddr.js';

export interface StaticAddress {
  readonly mac: string;
  /** IPv4 with its prefix: `192.0.2.10/24`. */
  readonly address: string;
  readonly gateway?: string;
}

export interface ProofNetwork {
  /** `192.0.2.0/24`. */
  readonly subnet: string;
  readonly guest: string;
  readonly gateway: string;
  /** qemu wants an address for it; nobody answers questions there. */
  readonly dns: string;
}

/** Addresses of a network that are looked at to find free ones. */
const CANDIDATES = 8;

/** Undefined where qemu cannot play it: not IPv4, or too small for three (guest, gateway, name server). */
export function planNetwork({ address, gateway }: StaticAddress): ProofNetwork | undefined {
  if (!ipaddr.IPv4.isValidCIDR(address)) return undefined;
  const [guest, prefix] = ipaddr.IPv4.parseCIDR(address);
  if (prefix > 29) return undefined;
  const base = numberOf(ipaddr.IPv4.networkAddressFromCIDR(address));
  const free = Array.from({ length: CANDIDATES }, (_, index) => text(base + index + 1)).filter(
    (each) => each !== guest.toString(),
  );
  const real = gateway !== undefined && ipaddr.IPv4.isValid(gateway) ? ipaddr.IPv4.parse(gateway) : undefined;
  const usable = real?.match([guest, prefix]) === true && real.toString() !== guest.toString();
  const host = usable ? real.toString() : free[0];
  const dns = free.find((each) => each !== host);
  if (host === undefined || dns === undefined) return undefined;
  return { subnet: `${text(base)}/${prefix}`, guest: guest.toString(), gateway: host, dns };
}

function numberOf(address: ipaddr.IPv4): number {
  return address.octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

function text(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}
