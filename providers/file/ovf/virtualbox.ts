/**
 * vbox:Machine: VirtualBox's own settings inside a VirtualSystem (the body of a .vbox file, settings versions 1.12 to 1.20).
 * It holds what OVF has no words for: MAC addresses, firmware, TPM, boot order, clock.
 */

import { defined } from '../../../src/model/defined.ts';
import { type MacAddress, parseMac, parseUuid, type Uuid } from '../../../src/model/units.ts';
import type { ExtraFact } from '../../../src/model/vm.ts';
import { flatten } from './extras.ts';
import { parseFlag } from './values.ts';
import { attribute, childOf, childrenOf, type XmlElement } from './xml.ts';

export interface VboxAdapter {
  readonly mac?: MacAddress;
  readonly cable?: boolean;
}

export interface VboxMachine {
  readonly uuid?: Uuid;
  readonly firmware?: 'bios' | 'uefi';
  readonly tpm?: boolean;
  readonly nestedVirtualization?: boolean;
  readonly cpuHotPlug?: boolean;
  readonly bootOrder?: readonly string[];
  readonly rtc?: string;
  readonly snapshots?: number;
  readonly osType?: string;
  /** Enabled adapters in slot order. */
  readonly adapters: readonly VboxAdapter[];
  readonly extras: readonly ExtraFact[];
}

const BOOT_DEVICES: ReadonlyMap<string, string> = new Map([
  ['HardDisk', 'disk'],
  ['DVD', 'cdrom'],
  ['Network', 'network'],
  ['Floppy', 'floppy'],
]);

/** Children of Hardware that are read here or say the same as the OVF items. */
const READ: ReadonlySet<string> = new Set([
  'CPU',
  'Memory',
  'Firmware',
  'Boot',
  'Network',
  'RTC',
  'TrustedPlatformModule',
  'StorageControllers',
]);

export function readVirtualBox(system: XmlElement): VboxMachine | undefined {
  const machine = childOf(system, 'Machine', 'vbox');
  if (machine === undefined) return undefined;
  const hardware = find(machine, 'Hardware');
  const cpu = hardware && find(hardware, 'CPU');
  const boot = hardware && find(hardware, 'Boot');
  const tpm = read(hardware && find(hardware, 'TrustedPlatformModule'), 'type');
  const rtc = read(hardware && find(hardware, 'RTC'), 'localOrUTC') ?? read(machine, 'localOrUTC');
  const osType = read(machine, 'OSType');
  return defined({
    uuid: parseUuid(read(hardware, 'uuid') ?? read(machine, 'uuid') ?? ''),
    firmware: firmwareOf(hardware),
    tpm: tpm === undefined ? undefined : tpm.toLowerCase() !== 'none',
    nestedVirtualization: parseFlag(read(cpu && find(cpu, 'NestedHWVirt'), 'enabled')),
    cpuHotPlug: parseFlag(read(cpu, 'hotplug')),
    bootOrder: boot && bootOrder(boot),
    rtc: rtc === undefined ? undefined : rtc.toLowerCase(),
    snapshots: childrenOf(machine, 'Snapshot', 'vbox').length || undefined,
    osType,
    adapters: adaptersOf(hardware && find(hardware, 'Network')),
    extras: hardware === undefined ? [] : hardware.children.filter((child) => !READ.has(child.name)).flatMap(settingFacts),
  });
}

/** Elements below vbox:Machine inherit its namespace or have none, as the default namespace of the file decides. */
function find(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

function read(element: XmlElement | undefined, name: string): string | undefined {
  return element && attribute(element, name, 'vbox');
}

/** `BIOS`, `EFI`, `EFI32`, `EFI64`, `EFIDUAL`; VirtualBox leaves the element out for BIOS. */
function firmwareOf(hardware: XmlElement | undefined): 'bios' | 'uefi' | undefined {
  if (hardware === undefined) return undefined;
  return (read(find(hardware, 'Firmware'), 'type') ?? 'BIOS').startsWith('EFI') ? 'uefi' : 'bios';
}

function bootOrder(boot: XmlElement): readonly string[] {
  return boot.children
    .filter((child) => child.name === 'Order')
    .toSorted((a, b) => Number(read(a, 'position') ?? 0) - Number(read(b, 'position') ?? 0))
    .flatMap((order) => BOOT_DEVICES.get(read(order, 'device') ?? '') ?? []);
}

function adaptersOf(network: XmlElement | undefined): readonly VboxAdapter[] {
  const adapters =
    network?.children.filter((child) => child.name === 'Adapter' && parseFlag(read(child, 'enabled')) === true) ?? [];
  return adapters
    .toSorted((a, b) => Number(read(a, 'slot') ?? 0) - Number(read(b, 'slot') ?? 0))
    .map((adapter) => defined({ mac: parseMac(read(adapter, 'MACAddress') ?? ''), cable: parseFlag(read(adapter, 'cable')) }));
}

/** Settings that are switched off say nothing. */
function settingFacts(element: XmlElement): readonly ExtraFact[] {
  if (parseFlag(read(element, 'enabled')) === false) return [];
  return flatten(element, `vbox:Machine/${element.name}`);
}
