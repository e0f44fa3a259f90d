/** Processor, memory, firmware and identity. */

import { defined } from '../../../src/model/defined.ts';
import { parseUuid } from '../../../src/model/units.ts';
import type { Cpu, Firmware, Identity, Memory } from '../../../src/model/vm.ts';
import type { ObjectProperties } from '../properties.ts';
import type { VimNode } from '../vim/node.ts';
import type { ExtraConfig } from './disks.ts';

const MIB = 1024 * 1024;
/** Without `custom` the number of shares follows from the size, and says nothing of its own. */
const CUSTOM_SHARES = 'custom';

export function readCpu(vm: ObjectProperties, extra: ExtraConfig, clusterEvc: string | undefined): Cpu {
  const allocation = vm.node('config.cpuAllocation');
  const affinity =
    vm
      .node('config.cpuAffinity')
      ?.list('affinitySet')
      .map((node) => node.text) ?? [];
  const latency = vm.node('config.latencySensitivity')?.string('level');
  const cores = vm.number('config.hardware.numCoresPerSocket');
  return defined({
    count: vm.number('config.hardware.numCPU'),
    // 0 stands for automatic (vSphere 8).
    coresPerSocket: cores === 0 ? undefined : cores,
    hotAdd: vm.flag('config.cpuHotAddEnabled'),
    hotRemove: vm.flag('config.cpuHotRemoveEnabled'),
    nestedVirtualization: vm.flag('config.nestedHVEnabled'),
    reservationMhz: allocation?.number('reservation'),
    limitMhz: limit(allocation),
    shares: shares(allocation),
    affinity: affinity.length === 0 ? undefined : affinity.join(','),
    latencySensitivity: latency === 'normal' ? undefined : latency,
    numaNodeSize: count(extra.get('numa.vcpu.maxpervirtualnode')),
    numaAffinity: extra.get('numa.nodeaffinity'),
    evcMode: clusterEvc,
    performanceCounters: vm.flag('config.vPMCEnabled'),
  });
}

export function readMemory(vm: ObjectProperties): Memory {
  const allocation = vm.node('config.memoryAllocation');
  return defined({
    size: mebibytes(vm.number('config.hardware.memoryMB')),
    hotAdd: vm.flag('config.memoryHotAddEnabled'),
    reservation: mebibytes(allocation?.number('reservation')),
    limit: mebibytes(limit(allocation)),
    reservationLocked: vm.flag('config.memoryReservationLockedToMax'),
    shares: shares(allocation),
    ballooned: mebibytes(vm.number('summary.quickStats.balloonedMemory')),
  });
}

/** -1 is unlimited. */
function limit(allocation: VimNode | undefined): number | undefined {
  const value = allocation?.number('limit');
  return value === undefined || value < 0 ? undefined : value;
}

function shares(allocation: VimNode | undefined): number | undefined {
  return allocation?.string('shares', 'level') === CUSTOM_SHARES ? allocation.number('shares', 'shares') : undefined;
}

function mebibytes(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * MIB;
}

function count(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || !Number.isInteger(value) || value <= 0 ? undefined : value;
}

const BOOT_DEVICES: Readonly<Record<string, string>> = {
  VirtualMachineBootOptionsBootableDiskDevice: 'disk',
  VirtualMachineBootOptionsBootableEthernetDevice: 'network',
  VirtualMachineBootOptionsBootableCdromDevice: 'cdrom',
  VirtualMachineBootOptionsBootableFloppyDevice: 'floppy',
};

export function readFirmware(vm: ObjectProperties, extra: ExtraConfig, tpm: boolean | undefined): Firmware {
  const options = vm.node('config.bootOptions');
  const flags = vm.node('config.flags');
  const kind = vm.string('config.firmware');
  const order = (options?.list('bootOrder') ?? []).map((entry) => BOOT_DEVICES[entry.type ?? ''] ?? entry.type ?? 'unknown');
  return defined({
    kind: kind === 'efi' ? ('uefi' as const) : kind === 'bios' ? ('bios' as const) : undefined,
    secureBoot: options?.flag('efiSecureBootEnabled'),
    tpm,
    nvramFile: extra.get('nvram'),
    bootOrder: order.length === 0 ? undefined : [...new Set(order)],
    vbs: flags?.flag('vbsEnabled'),
    iommu: flags?.flag('vvtdEnabled'),
  });
}

/** Device keys of the disks in the order in which the firmware tries them. */
export function bootDisks(vm: ObjectProperties): readonly number[] {
  return (vm.node('config.bootOptions')?.list('bootOrder') ?? [])
    .filter((entry) => BOOT_DEVICES[entry.type ?? ''] === 'disk')
    .flatMap((entry) => entry.number('deviceKey') ?? []);
}

export function readIdentity(vm: ObjectProperties): Identity {
  return defined({
    biosUuid: parseUuid(vm.string('config.uuid') ?? ''),
    instanceUuid: parseUuid(vm.string('config.instanceUuid') ?? ''),
  });
}
