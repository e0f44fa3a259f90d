/**
 * Which NIC had which name in the guest. At the source names came from slots and drivers that the target does not have; what stays is the MAC.
 * The evidence, best first: the guest's own files say it; an address in a file is one that the guest's tools reported for a MAC; nothing
 * else is left; the order of slots.
 */
import type { ConversionNic } from '../../../model/conversion.ts';
import type { NetworkFile } from '../../../model/guest-inspection.ts';
import type { MacAddress } from '../../../model/units.ts';
import { namesOf, nicNamesIn } from './names.ts';

export interface Binding {
  readonly name: string;
  readonly mac: MacAddress;
  readonly because: 'its files name the MAC' | 'its address' | 'it is the only one left' | 'the order of slots';
}

export interface Bindings {
  readonly bound: readonly Binding[];
  /** Names that no NIC could be found for. */
  readonly unbound: readonly string[];
}

export function bindNames(files: readonly NetworkFile[], nics: readonly ConversionNic[]): Bindings {
  const bound: Binding[] = [];
  let names = nicNamesIn(files);
  let free = nics;
  const bind = (name: string, nic: ConversionNic, because: Binding['because']): void => {
    bound.push({ name, mac: nic.mac, because });
    names = names.filter((other) => other !== name);
    free = free.filter((other) => other !== nic);
  };
  for (const name of names) {
    const nic = free.find(({ mac }) => files.some((file) => pins(file, name, mac)));
    if (nic !== undefined) bind(name, nic, 'its files name the MAC');
  }
  for (const name of names) {
    const texts = files.map((file) => sectionOf(file, name));
    const holders = free.filter((nic) => addressesOf(nic).some((address) => texts.some((text) => holds(text, address))));
    const [nic, ...more] = holders;
    if (nic !== undefined && more.length === 0) bind(name, nic, 'its address');
  }
  const [name, nic] = [names[0], free[0]];
  if (names.length === 1 && free.length === 1 && name !== undefined && nic !== undefined) {
    bind(name, nic, 'it is the only one left');
  } else if (names.length === free.length) {
    const order = [...names].sort((a, b) => slotRank(a) - slotRank(b));
    for (const [at, next] of [...free].entries()) {
      const nameAt = order[at];
      if (nameAt !== undefined) bind(nameAt, next, 'the order of slots');
    }
  }
  return { bound, unbound: names };
}

/** The file ties a name to a MAC: `HWADDR` with `DEVICE`, `macaddress` with `set-name`, a .link or a rule of udev. */
function pins(file: NetworkFile, name: string, mac: MacAddress): boolean {
  const text = sectionOf(file, name).toLowerCase();
  return text.includes(mac) || text.includes(mac.replaceAll(':', '-'));
}

/** What of a file speaks of one NIC; nothing where the file names others only. */
function sectionOf(file: NetworkFile, name: string): string {
  const { kind, text = '' } = file;
  if (!namesOf(file).includes(name)) return '';
  if (kind === 'udev') return linesWith(text, `"${name}"`);
  if (kind === 'ifupdown') return stanzas(text, name);
  if (kind === 'netplan') return blocks(text, name);
  return text;
}

function linesWith(text: string, part: string): string {
  return text
    .split('\n')
    .filter((line) => line.includes(part) && !/^\s*#/.test(line))
    .join('\n');
}

/** `iface NAME …` and the lines below it, up to the next stanza. */
function stanzas(text: string, name: string): string {
  let inside = false;
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*(iface|auto|allow-\S+|mapping|source\S*)\b/.test(line)) inside = line.split(/\s+/).includes(name);
    if (inside) kept.push(line);
  }
  return kept.join('\n');
}

/** The mapping below the key NAME (or the one that holds `set-name: NAME`), by its indentation. */
function blocks(text: string, name: string): string {
  const kept: string[] = [];
  let depth = -1;
  let block: string[] = [];
  const close = (): void => {
    const [key = ''] = block;
    if (keyOf(key) === name || block.some((line) => new RegExp(`set-name:\\s*["']?${name}\\b`).test(line))) kept.push(...block);
    block = [];
  };
  for (const line of text.split('\n')) {
    if (line.trim() === '' || /^\s*#/.test(line)) continue;
    const indent = line.search(/\S/);
    if (/^\s*(ethernets|bonds|bridges|vlans|wifis):/.test(line)) {
      close();
      depth = indent;
    } else if (depth >= 0 && indent <= depth) {
      close();
      depth = -1;
    } else if (depth >= 0) {
      const [first] = block;
      if (first === undefined || indent <= first.search(/\S/)) close();
      block.push(line);
    }
  }
  close();
  return kept.join('\n');
}

function keyOf(line: string): string | undefined {
  return /^\s*["']?([\w.-]+)["']?\s*:/.exec(line)?.[1];
}

/** Addresses that a person may have written into a file: those of DHCP and of the link are none. */
function addressesOf({ guestIp }: ConversionNic): readonly string[] {
  const written = (guestIp?.addresses ?? []).filter(
    ({ origin }) => origin === undefined || origin === 'static' || origin === 'other',
  );
  return written.map(({ address }) => address.toLowerCase()).filter((address) => !address.startsWith('fe80:'));
}

function holds(text: string, address: string): boolean {
  const lower = text.toLowerCase();
  const at = lower.indexOf(address);
  if (at === -1) return false;
  const before = lower[at - 1] ?? ' ';
  const after = lower[at + address.length] ?? ' ';
  return !/[0-9a-f.:]/.test(before) && !/[0-9a-f.:]/.test(after);
}

/** vSphere gives the NICs of a VM these slots one after the other (pciSlotNumber of vmxnet3 on hardware 7 and later). */
const VMWARE_SLOTS = [192, 224, 256, 161, 193, 225, 257, 162, 194, 226];

function slotRank(name: string): number {
  const number = Number(/(\d+)\D*$/.exec(name)?.[1] ?? 0);
  const slot = name.startsWith('ens') ? VMWARE_SLOTS.indexOf(number) : -1;
  return slot === -1 ? VMWARE_SLOTS.length + number : slot;
}
