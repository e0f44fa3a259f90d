/** Static addresses in the files that configure the network of a Linux guest, and which NIC each file means. Pure; what a file does not say is left out. */
import ipaddr from 'ipaddr.js';
import { parse } from 'yaml';
import type { NetworkFile } from '../../../model/guest-inspection.ts';
import { namesOf } from './names.ts';

/** What one part of a file gives to one NIC. */
export interface NicSettings {
  /** Kernel names or patterns of them; none: any NIC, unless there is a MAC. */
  readonly names: readonly string[];
  readonly macs: readonly string[];
  /** As written, with a prefix where one is written. */
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
}

export function settingsIn(file: NetworkFile): readonly NicSettings[] {
  const { kind, text = '' } = file;
  switch (kind) {
    case 'ifupdown':
      return ifupdown(text);
    case 'netplan':
      return netplan(text);
    case 'networkmanager':
      return networkManager(text);
    case 'ifcfg':
    case 'wicked':
      return ifcfg(file);
    case 'systemd-networkd':
      return networkd(text);
    case 'systemd-link':
    case 'udev':
      return [];
  }
}

/** `iface NAME inet static` and the options below it; interfaces(5). */
function ifupdown(text: string): readonly NicSettings[] {
  const found: { names: string[]; macs: []; addresses: string[]; gateways: string[]; masks: string[] }[] = [];
  let current: (typeof found)[number] | undefined;
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.trim().split(/\s+/);
    if (/^(iface|auto|allow-.+|mapping|source.*|no-auto-down|no-scripts|template|rename)$/.test(word)) {
      const [name = '', , method] = rest;
      current = undefined;
      if (word !== 'iface' || method !== 'static') continue;
      current = { names: [withoutAlias(name)], macs: [], addresses: [], gateways: [], masks: [] };
      found.push(current);
    } else if (word === 'address') current?.addresses.push(...rest.slice(0, 1));
    else if (word === 'netmask') current?.masks.push(...rest.slice(0, 1));
    else if (word === 'gateway') current?.gateways.push(...rest.slice(0, 1));
  }
  return found.map(({ masks: [mask], ...settings }) => ({
    ...settings,
    addresses: settings.addresses.map((address) => withPrefix(address, mask)),
  }));
}

function netplan(text: string): readonly NicSettings[] {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 16 });
  } catch {
    return [];
  }
  return Object.entries(fieldsOf(fieldsOf(fieldsOf(document)['network'])['ethernets'])).map(([id, value]) => {
    const { match, addresses, gateway4, gateway6, routes } = fieldsOf(value);
    const { macaddress, name } = fieldsOf(match);
    const defaults = listOf(routes)
      .map(fieldsOf)
      .filter(({ to }) => isDefault(String(to)));
    return {
      // With a match the key is a name of netplan's own, and `set-name` names the card.
      names: match === undefined ? [id] : [...texts([fieldsOf(value)['set-name']]), ...texts([name])],
      macs: texts([macaddress]),
      // One with options is a mapping: `- 192.0.2.10/24: {label: web}`.
      addresses: listOf(addresses).flatMap((one) => (typeof one === 'string' ? [one] : Object.keys(fieldsOf(one)))),
      gateways: texts([gateway4, gateway6, ...defaults.map(({ via }) => via)]),
    };
  });
}

/** A keyfile; nm-settings-keyfile(5). */
function networkManager(text: string): readonly NicSettings[] {
  const sections = sectionsOf(text);
  const valuesOf = (section: RegExp, key: RegExp): string[] =>
    sections.flatMap(({ name, entries }) =>
      section.test(name) ? entries.flatMap(([word, value]) => (key.test(word) ? [value] : [])) : [],
    );
  const [type = 'ethernet'] = valuesOf(/^connection$/, /^type$/);
  if (!/^(ethernet|802-3-ethernet)$/.test(type)) return [];
  const inUse = /^(ipv4|ipv6)$/;
  const addresses = valuesOf(inUse, /^address(es)?\d*$/).map((value) => value.split(/[,;]/));
  return [
    {
      names: valuesOf(/^connection$/, /^interface-name$/),
      macs: valuesOf(/^(ethernet|802-3-ethernet)$/, /^mac-address$/),
      // The old spelling has the prefix as a part of its own: `192.0.2.10;24;192.0.2.1;`.
      addresses: addresses.map(([address = '', second]) => withPrefix(address, /^\d+$/.test(second ?? '') ? second : undefined)),
      gateways: [
        ...valuesOf(inUse, /^gateway$/),
        ...addresses.flatMap((parts) => parts.slice(1).filter((part) => /[.:]/.test(part))),
      ],
    },
  ];
}

/** Variables of the shell, as the initscripts of Red Hat (`IPADDR1`, `PREFIX1`) and wicked (`IPADDR_1`, `PREFIXLEN_1`) have them. */
function ifcfg(file: NetworkFile): readonly NicSettings[] {
  const values = new Map(
    [...(file.text ?? '').matchAll(/^[ \t]*(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [
      key,
      value.trim().replace(/^(["'])(.*)\1$/, '$2'),
    ]),
  );
  const isOff = /^no$/i.test(values.get('ONBOOT') ?? '') || /^(off|manual)$/i.test(values.get('STARTMODE') ?? '');
  if (isOff || /^dhcp/i.test(values.get('BOOTPROTO') ?? '')) return [];
  const ours = (key: RegExp): [string, string][] =>
    [...values].flatMap(([name, value]) => {
      const suffix = key.exec(name)?.[1];
      return suffix === undefined || value === '' ? [] : [[suffix, value]];
    });
  const addresses = ours(/^IPADDR(_?\w*)$/).map(([suffix, value]) => {
    const mask = ['PREFIX', 'PREFIXLEN', 'NETMASK']
      .map((name) => values.get(`${name}${suffix}`))
      .find((each) => each !== undefined);
    return withPrefix(value, mask);
  });
  const six = ['IPV6ADDR', 'IPV6ADDR_SECONDARIES'].flatMap((key) => (values.get(key) ?? '').split(/\s+/));
  return [
    {
      names: namesOf(file).map(withoutAlias),
      macs: texts([values.get('HWADDR')]),
      addresses: [...addresses, ...six],
      gateways: [...ours(/^GATEWAY(\d*)$/), ...ours(/^(IPV6_DEFAULTGW)$/)].map(([, value]) => value),
    },
  ];
}

function networkd(text: string): readonly NicSettings[] {
  const found = { names: [] as string[], macs: [] as string[], addresses: [] as string[], gateways: [] as string[] };
  for (const { name, entries } of sectionsOf(text)) {
    const of = (key: string): string[] => entries.flatMap(([word, value]) => (word === key ? value.split(/\s+/) : []));
    if (name === 'Match') {
      found.names.push(...of('Name'));
      found.macs.push(...of('MACAddress'));
    }
    if (name === 'Network' || name === 'Address') found.addresses.push(...of('Address'));
    if (name === 'Network' || (name === 'Route' && of('Destination').every(isDefault))) found.gateways.push(...of('Gateway'));
  }
  return [found];
}

interface Section {
  readonly name: string;
  readonly entries: (readonly [string, string])[];
}

/** `[name]` and `key=value` lines, each section as often as it stands there. */
function sectionsOf(text: string): readonly Section[] {
  const sections: Section[] = [];
  for (const line of text.split('\n')) {
    const [, name] = /^\s*\[([^\]]+)\]\s*$/.exec(line) ?? [];
    if (name !== undefined) sections.push({ name, entries: [] });
    const [, key, value] = /^([\w.-]+)\s*=(.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined && value !== undefined) sections.at(-1)?.entries.push([key, value.trim()]);
  }
  return sections;
}

/** @param mask bits, or an IPv4 mask: `24`, `255.255.255.0` */
function withPrefix(address: string, mask: string | undefined): string {
  if (mask === undefined || address.includes('/')) return address;
  if (/^\d+$/.test(mask)) return `${address}/${mask}`;
  if (!ipaddr.IPv4.isValidFourPartDecimal(mask)) return address;
  const bits = ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask();
  return bits === null ? address : `${address}/${bits}`;
}

/** `eth0:1` is a second address of eth0. */
function withoutAlias(name: string): string {
  return name.replace(/:.*$/, '');
}

function isDefault(destination: string): boolean {
  return destination === 'default' || destination === '0.0.0.0/0' || destination === '::/0';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}
