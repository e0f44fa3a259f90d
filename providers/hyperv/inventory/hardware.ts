/** Processor, memory, firmware, identity, and what is plugged in beside disks and adapters. */

import { defined } from '../../../src/model/defined.ts';
import { parseUuid } from '../../../src/model/units.ts';
import type { Cpu, Firmware, Identity, Memory, OtherDevice } from '../../../src/model/vm.ts';
import type { Vm } from '../scripts/vm-answer.ts';
import { positive, wholeNumber } from './numbers.ts';

/** What every VM has unless somebody changes it; it says nothing of its own. */
const USUAL = { limitPercent: 100, weight: 100, memoryPriority: 50 };

export function readCpu({ processor }: Vm): Cpu {
  const { count, threadsPerCore, reservePercent, limitPercent, weight, maximumPerNumaNode } = processor;
  return defined({
    count,
    // 0 stands for «as the host has».
    threadsPerCore: threadsPerCore === 0 ? undefined : (threadsPerCore ?? undefined),
    nestedVirtualization: processor.nested ?? undefined,
    reservationPercent: unless(reservePercent, 0),
    limitPercent: unless(limitPercent, USUAL.limitPercent),
    shares: unless(weight, USUAL.weight),
    // A node that is larger than the VM splits nothing.
    numaNodeSize: typeof maximumPerNumaNode === 'number' && maximumPerNumaNode < count ? maximumPerNumaNode : undefined,
    compatibilityMode: processor.compatibilityForMigration ?? undefined,
  });
}

/** Least and most are stored also while dynamic memory is off; then they mean nothing. */
export function readMemory({ memory }: Vm): Memory {
  return defined({
    size: positive(memory.startup),
    shares: unless(memory.priority, USUAL.memoryPriority),
    dynamic: memory.dynamic ? defined({ minimum: wholeNumber(memory.minimum), maximum: wholeNumber(memory.maximum) }) : undefined,
  });
}

function unless(value: number | null | undefined, usual: number): number | undefined {
  return value === usual ? undefined : (value ?? undefined);
}

const BOOT_KINDS = { disk: 'disk', dvd: 'cdrom', network: 'network', file: 'file', other: 'other' } as const;
const STARTUP: Readonly<Record<string, string>> = {
  IDE: 'disk',
  CD: 'cdrom',
  LegacyNetworkAdapter: 'network',
  Floppy: 'floppy',
};

export function readFirmware({ generation, firmware, bios, security }: Vm): Firmware {
  const order =
    generation === 2
      ? (firmware?.bootOrder ?? []).map(({ kind }) => BOOT_KINDS[kind])
      : (bios?.startupOrder ?? []).map((name) => STARTUP[name] ?? name);
  return defined({
    kind: generation === 2 ? ('uefi' as const) : ('bios' as const),
    secureBoot: firmware?.secureBoot ?? undefined,
    secureBootTemplate: firmware?.template ?? firmware?.templateId ?? undefined,
    tpm: security?.tpm ?? undefined,
    bootOrder: order.length === 0 ? undefined : [...new Set(order)],
    vbs: generation === 2 && typeof security?.vbsOptOut === 'boolean' ? !security.vbsOptOut : undefined,
    shielded: security?.shielded ?? undefined,
    isolation: isolationOf(security),
  });
}

function isolationOf(security: Vm['security']): string | undefined {
  const isolation = security?.isolation ?? undefined;
  if (isolation !== undefined && isolation !== 'Disabled') return isolation;
  return security?.encryptedState === true ? 'encrypted-state' : undefined;
}

export function readIdentity({ id, identity }: Vm): Identity {
  return defined({
    biosUuid: parseUuid(identity.biosGuid ?? ''),
    instanceUuid: parseUuid(id),
    serial: identity.biosSerial ?? undefined,
    assetTag: identity.assetTag ?? undefined,
  });
}

const DEVICES: Readonly<Record<Vm['devices'][number]['kind'], OtherDevice['kind']>> = {
  'fibre-channel': 'fibre-channel',
  dda: 'pci-passthrough',
  'gpu-partition': 'vgpu',
  'com-port': 'serial',
  floppy: 'floppy',
};

export function readDevices({ devices }: Vm): readonly OtherDevice[] {
  return devices.map(({ kind, label }) => ({ kind: DEVICES[kind], label }));
}
