/** Processors, memory, firmware, identity and clock of a VMX. Pure. */

import { defined } from '../../../src/model/defined.ts';
import { MiB, parseUuid } from '../../../src/model/units.ts';
import type { Clock, Cpu, Firmware, Guest, Identity, Memory } from '../../../src/model/vm.ts';
import type { VmxValues } from './values.ts';

/** VMware leaves `numvcpus` out for one processor. */
export function readCpu(values: VmxValues): Cpu {
  const affinity = values.text('sched.cpu.affinity');
  const sensitivity = values.text('sched.cpu.latencysensitivity');
  return defined({
    count: values.whole('numvcpus') ?? (values.has('numvcpus') ? undefined : 1),
    coresPerSocket: positive(values.whole('cpuid.corespersocket')),
    hotAdd: values.flag('vcpu.hotadd'),
    nestedVirtualization: values.flag('vhv.enable'),
    reservationMhz: positive(values.whole('sched.cpu.min')),
    limitMhz: positive(values.whole('sched.cpu.max')),
    affinity: affinity?.toLowerCase() === 'all' ? undefined : affinity,
    latencySensitivity: sensitivity?.toLowerCase() === 'normal' ? undefined : sensitivity,
  });
}

/** `memSize`, `sched.mem.min` and `sched.mem.max` are in MiB. */
export function readMemory(values: VmxValues): Memory {
  return defined({
    size: mebibytes(values.whole('memsize')),
    hotAdd: values.flag('mem.hotadd'),
    reservation: mebibytes(values.whole('sched.mem.min')),
    limit: mebibytes(values.whole('sched.mem.max')),
  });
}

function mebibytes(count: number | undefined): number | undefined {
  return count === undefined || count === 0 || count > Number.MAX_SAFE_INTEGER / MiB ? undefined : count * MiB;
}

function positive(count: number | undefined): number | undefined {
  return count === 0 ? undefined : count;
}

const FIRMWARE = { bios: 'bios', efi: 'uefi' } as const;

/** VMware leaves `firmware` out for BIOS. */
export function readFirmware(values: VmxValues): Firmware {
  const autoTpm = values.text('managedvm.autoaddvtpm');
  const bootOrder = values.text('bios.bootorder');
  return defined({
    kind: values.word('firmware', FIRMWARE) ?? (values.has('firmware') ? undefined : 'bios'),
    secureBoot: values.flag('uefi.secureboot.enabled'),
    tpm: autoTpm !== undefined ? true : values.flag('vtpm.present'),
    nvramFile: values.text('nvram'),
    bootOrder: bootOrder === undefined ? undefined : bootWords(bootOrder),
  });
}

/** `hdd,CDROM,ethernet0,floppy` or `hdd,cd,net`: each kind once, in our words. */
function bootWords(text: string): readonly string[] {
  const words = text.split(/[,\s]+/).map((part) => {
    const word = part.toLowerCase();
    if (word === 'hdd' || word === 'hd') return 'disk';
    if (word === 'cd') return 'cdrom';
    return /^(ethernet\d*|net)$/.test(word) ? 'network' : word;
  });
  return [...new Set(words)].filter((word) => word !== '');
}

export function readIdentity(values: VmxValues): Identity {
  return defined({
    biosUuid: parseUuid(values.text('uuid.bios') ?? ''),
    instanceUuid: parseUuid(values.text('vc.uuid') ?? ''),
    serial: values.text('serialnumber') ?? values.text('smbios.serialnumber'),
    assetTag: values.text('smbios.assettag') ?? values.text('assettag'),
  });
}

/** `rtc.diffFromUTC`: seconds that the hardware clock is ahead of UTC. */
export function readClock(values: VmxValues): Clock {
  const text = values.text('rtc.difffromutc');
  if (text === undefined || !/^-?\d{1,6}$/.test(text)) return {};
  const seconds = Number(text);
  if (seconds === 0) return { rtc: 'utc' };
  const minutes = Math.round(Math.abs(seconds) / 60);
  const two = (count: number) => String(count).padStart(2, '0');
  return { rtc: `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` };
}

/** `guestOS.detailed.data` is written by Tools: `architecture='X86' … prettyName='Debian GNU/Linux 12 (bookworm)'`. */
export function readGuest(values: VmxValues): Guest {
  const osId = values.text('guestos');
  const detailed = values.text('guestos.detailed.data') ?? values.text('guestinfo.detailed.data');
  const tools = values.whole('vmware.tools.internalversion');
  return defined({
    osId,
    osIdKind: osId === undefined ? undefined : ('vmware' as const),
    osName: /prettyName='([^']{1,200})'/.exec(detailed ?? '')?.[1],
    tools: tools === undefined ? undefined : tools === 0 ? { installed: false } : { installed: true, version: String(tools) },
  });
}
