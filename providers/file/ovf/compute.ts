/** Processor and memory items. */

import { defined } from '../../../src/model/defined.ts';
import type { Cpu, Memory } from '../../../src/model/vm.ts';
import { cim, type Hardware, type HardwareItem, RESOURCE } from './hardware.ts';
import { parseCount, parseFlag, parseUnit, toBytes, type Unit } from './values.ts';
import { malformed } from './xml.ts';

const MEGAHERTZ: Unit = { base: 'hertz', factor: 10 ** 6 };
const MEBIBYTE: Unit = { base: 'byte', factor: 2 ** 20 };

/** @throws MigrationError `ovf-malformed` for a quantity or unit that cannot be read */
export function readCpu(hardware: Hardware): Cpu {
  const item = hardware.items.find((candidate) => candidate.type === RESOURCE.processor);
  const { config, extraConfig } = hardware;
  const affinity = extraConfig.get('sched.cpu.affinity');
  const latency = config.get('latencySensitivity.level') ?? extraConfig.get('sched.cpu.latencySensitivity');
  return defined({
    count: item && (quantityOf(item) ?? ovirtCount(item)),
    coresPerSocket:
      item &&
      (parseCount(cim(item.element, 'CoresPerSocket')) ??
        ovirtCores(item) ??
        parseCount(extraConfig.get('cpuid.coresPerSocket'))),
    hotAdd: parseFlag(config.get('cpuHotAddEnabled') ?? extraConfig.get('vcpu.hotadd')),
    nestedVirtualization: parseFlag(config.get('nestedHVEnabled') ?? extraConfig.get('vhv.enable')),
    reservationMhz: item && megahertz(item, item.reservation),
    limitMhz: item && megahertz(item, item.limit),
    affinity: affinity === 'all' ? undefined : affinity,
    latencySensitivity: latency === 'normal' ? undefined : latency,
  });
}

/** Sizes without a unit are mebibytes, as VMware's tools read them. @throws MigrationError `ovf-malformed` */
export function readMemory(hardware: Hardware): Memory {
  const item = hardware.items.find((candidate) => candidate.type === RESOURCE.memory);
  return defined({
    size: item && memoryBytes(item, quantityOf(item)),
    hotAdd: parseFlag(hardware.config.get('memoryHotAddEnabled') ?? hardware.extraConfig.get('mem.hotadd')),
    reservation: item && memoryBytes(item, item.reservation || undefined),
    limit: item && memoryBytes(item, item.limit || undefined),
  });
}

function quantityOf(item: HardwareItem): number | undefined {
  const text = cim(item.element, 'VirtualQuantity');
  if (text !== undefined && item.quantity === undefined)
    throw malformed(item.element, `VirtualQuantity ${text} is no whole number`);
  return item.quantity;
}

/** oVirt states the topology in elements of its own: sockets × cores × threads. */
function ovirtCount(item: HardwareItem): number | undefined {
  const sockets = parseCount(cim(item.element, 'num_of_sockets'));
  return sockets === undefined
    ? undefined
    : sockets * (ovirtCores(item) ?? 1) * (parseCount(cim(item.element, 'threads_per_cpu')) || 1);
}

function ovirtCores(item: HardwareItem): number | undefined {
  return parseCount(cim(item.element, 'cpu_per_socket')) || undefined;
}

/** Zero means "none" in every tool's files, so it is no fact; a limit in other units than frequencies is left to the extras. */
function megahertz(item: HardwareItem, value: number | undefined): number | undefined {
  if (!value) return undefined;
  const unit = item.units === undefined ? MEGAHERTZ : parseUnit(item.units);
  return unit?.base === 'hertz' ? Math.round((value * unit.factor) / MEGAHERTZ.factor) : undefined;
}

function memoryBytes(item: HardwareItem, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  const unit = item.units === undefined ? MEBIBYTE : parseUnit(item.units);
  const bytes = unit && toBytes(value, unit);
  if (bytes === undefined) throw malformed(item.element, `${value} × ${item.units ?? 'MegaBytes'} is no size of memory`);
  return bytes;
}
