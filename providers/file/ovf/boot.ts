/** Firmware, boot order and what else the machine knows before its guest starts. */

import { defined } from '../../../src/model/defined.ts';
import type { Firmware } from '../../../src/model/vm.ts';
import { isTpm } from './devices.ts';
import type { Envelope } from './envelope.ts';
import type { Hardware } from './hardware.ts';
import { parseFlag } from './values.ts';
import type { VboxMachine } from './virtualbox.ts';
import { attribute, type XmlElement } from './xml.ts';

/** Boot devices of one system: kinds in order, and the rank of single items by InstanceID, 1 first. */
export interface BootOrder {
  readonly kinds?: readonly string[];
  readonly ranks: ReadonlyMap<string, number>;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['disk', 'disk'],
  ['hdd', 'disk'],
  ['cdrom', 'cdrom'],
  ['net', 'network'],
  ['network', 'network'],
  ['floppy', 'floppy'],
]);

/**
 * vmw:BootOrderSection, one for each device in order: `vmw:type` disk, cdrom, net or floppy, `vmw:instanceId` the item.
 * Else the keys `bios.bootOrder` (`hdd,cdrom,ethernet0`) and `bios.hddOrder` of vmw:ExtraConfig.
 */
export function readBootOrder(system: XmlElement, hardware: Hardware | undefined): BootOrder {
  const sections = system.children.filter((child) => child.name === 'BootOrderSection' && child.vocabulary === 'vmw');
  if (sections.length > 0) {
    const ranks = new Map<string, number>();
    for (const [index, section] of sections.entries()) {
      const id = attribute(section, 'instanceId', 'vmw');
      if (id !== undefined && !ranks.has(id)) ranks.set(id, index + 1);
    }
    return { kinds: unique(sections.map((section) => deviceWord(attribute(section, 'type', 'vmw') ?? ''))), ranks };
  }
  const written = hardware?.extraConfig.get('bios.bootOrder') ?? hardware?.config.get('bootOptions.bootOrder');
  if (written === undefined) return { ranks: new Map() };
  return { kinds: unique(written.split(',').map(deviceWord)), ranks: new Map() };
}

function unique(words: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(words.filter((word) => word !== undefined && word !== ''))].filter((word) => word !== undefined);
}

function deviceWord(text: string): string | undefined {
  const word = text.trim().toLowerCase();
  if (/^ethernet\d*$/.test(word)) return 'network';
  return WORDS.get(word) ?? (word || undefined);
}

/** oVirt's BiosType: 1 and 2 are SeaBIOS on i440fx and q35, 3 is OVMF, 4 OVMF with secure boot. */
const OVIRT_FIRMWARE: Readonly<Record<string, Firmware>> = {
  '1': { kind: 'bios' },
  '2': { kind: 'bios' },
  '3': { kind: 'uefi' },
  '4': { kind: 'uefi', secureBoot: true },
};

export function readFirmware(
  system: XmlElement,
  hardware: Hardware,
  { envelope, order, vbox }: { envelope: Envelope; order: BootOrder; vbox: VboxMachine | undefined },
): Firmware {
  const { config, extraConfig } = hardware;
  const biosType = system.children.find((child) => child.name === 'BiosType')?.text ?? '';
  const ovirt = Object.hasOwn(OVIRT_FIRMWARE, biosType) ? OVIRT_FIRMWARE[biosType] : undefined;
  const tpmKey = extraConfig.get('vtpm.present') ?? config.get('vtpm.present');
  const autoTpm = extraConfig.get('managedVM.autoAddVTPM') ?? extraConfig.get('managedvm.autoAddVTPM');
  return defined({
    kind: firmwareKind(config.get('firmware') ?? extraConfig.get('firmware')) ?? vbox?.firmware ?? ovirt?.kind,
    secureBoot:
      parseFlag(config.get('bootOptions.efiSecureBootEnabled') ?? extraConfig.get('uefi.secureBoot.enabled')) ??
      ovirt?.secureBoot,
    tpm: hardware.items.some(isTpm) || autoTpm ? true : (parseFlag(tpmKey) ?? vbox?.tpm),
    nvramFile: nvramFile(hardware, envelope),
    bootOrder: order.kinds ?? vbox?.bootOrder,
  });
}

function firmwareKind(text: string | undefined): 'bios' | 'uefi' | undefined {
  const word = text?.toLowerCase();
  if (word === 'bios') return 'bios';
  return word === 'efi' || word === 'uefi' ? 'uefi' : undefined;
}

/** ovftool and vCenter write `nvram` = `ovf:/file/file2` and ship the file. */
function nvramFile(hardware: Hardware, envelope: Envelope): string | undefined {
  const written = hardware.extraConfig.get('nvram') ?? hardware.config.get('nvram');
  if (!written) return undefined;
  const id = /^ovf:\/{0,2}file\/(.+)$/.exec(written)?.[1];
  return id === undefined ? written : (envelope.files.get(id)?.href ?? written);
}

/** Keys of vmw:Config and vmw:ExtraConfig that have a field of their own; all others become extras. */
export const READ_KEYS: ReadonlySet<string> = new Set([
  'firmware',
  'bootOptions.efiSecureBootEnabled',
  'uefi.secureBoot.enabled',
  'vtpm.present',
  'managedVM.autoAddVTPM',
  'managedvm.autoAddVTPM',
  'nvram',
  'bios.bootOrder',
  'bootOptions.bootOrder',
  'cpuHotAddEnabled',
  'vcpu.hotadd',
  'memoryHotAddEnabled',
  'mem.hotadd',
  'nestedHVEnabled',
  'vhv.enable',
  'latencySensitivity.level',
  'sched.cpu.latencySensitivity',
  'sched.cpu.affinity',
  'cpuid.coresPerSocket',
  'uuid.bios',
  'vc.uuid',
]);
