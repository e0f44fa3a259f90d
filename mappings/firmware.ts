/** Firmware, TPM and what the guest reads about itself from SMBIOS. Everything explicit: a preference would fill what is left open. */

import type { GuestOs } from '../src/model/guest-os/row.ts';
import { firmwareIn } from '../src/model/guest-readiness.ts';
import type { Devices, Domain, DomainFeatures } from '../src/model/manifest.ts';
import type { Firmware, Identity, SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

const BOOTLOADER = `${DOMAIN}.firmware.bootloader`;

export function mapFirmware(
  vm: SourceVm,
  os: GuestOs | undefined,
  { context, ledger }: { context: MappingContext; ledger: Ledger },
): Domain['firmware'] {
  const kind = chooseKind(vm.firmware, os, { context, ledger });
  const bootloader = kind === 'bios' ? biosLoader(vm.firmware, ledger) : efiLoader(vm.firmware, ledger);
  ledger.dropped({
    from: 'firmware.nvramFile',
    was: vm.firmware.nvramFile,
    rule: 'firmware-nvram',
    because:
      kind === 'uefi'
        ? 'The format of the variables is the old hypervisor’s own. New ones are started; the guest boots by its fallback loader \\EFI\\BOOT\\BOOTX64.EFI.'
        : 'BIOS settings are the old hypervisor’s own; those that matter (boot order) are in this plan.',
  });
  return { ...mapSmbios(vm.identity, ledger), bootloader };
}

function chooseKind(
  firmware: Firmware,
  os: GuestOs | undefined,
  { context, ledger }: { context: MappingContext; ledger: Ledger },
): 'bios' | 'uefi' {
  const { options } = context;
  const rule = 'firmware-kind';
  const was = firmware.kind;
  if (options.firmware !== undefined && options.firmware !== was) {
    const value = options.firmware;
    const because = 'The firmware was given as an option.';
    if (was === undefined) ledger.added({ to: BOOTLOADER, value, rule, because });
    else ledger.changed({ from: 'firmware.kind', to: BOOTLOADER, was, value, rule, because });
    return value;
  }
  if (was !== undefined) {
    const because = 'Same firmware as at the source; always written, because a preference could put another one in its place.';
    ledger.kept({ from: 'firmware.kind', to: BOOTLOADER, was, value: was, rule, because });
    return was;
  }
  if (firmware.secureBoot === true || os?.needsUefi === true) {
    const because =
      firmware.secureBoot === true
        ? 'The source does not state the firmware, but secure boot exists only with UEFI.'
        : `${os?.name ?? 'The guest'} needs UEFI.`;
    ledger.added({ to: BOOTLOADER, value: 'uefi', rule, because });
    return 'uefi';
  }
  const { inspection } = context.guest ?? {};
  const found = inspection && firmwareIn(inspection);
  if (found !== undefined) {
    const loader = found === 'uefi' ? 'a boot loader for UEFI' : 'a boot loader for BIOS';
    const because = `The source does not state the firmware; a look into the guest found ${loader} and no other.`;
    ledger.added({ to: BOOTLOADER, value: found, rule, because });
    return found;
  }
  const because =
    'The source does not state the firmware. BIOS is the older default; give UEFI as an option if the disk was installed with it.';
  ledger.added({ to: BOOTLOADER, value: 'bios', rule, because });
  return 'bios';
}

function biosLoader(firmware: Firmware, ledger: Ledger): Domain['firmware']['bootloader'] {
  ledger.dropped({
    from: 'firmware.secureBoot',
    was: firmware.secureBoot,
    rule: 'firmware-secure-boot',
    because: 'Secure boot exists only with UEFI, and this VM starts from BIOS.',
  });
  return { bios: {} };
}

function efiLoader(firmware: Firmware, ledger: Ledger): Domain['firmware']['bootloader'] {
  const secureBoot = firmware.secureBoot === true;
  const to = `${BOOTLOADER}.efi.secureBoot`;
  const because = 'Always written: KubeVirt switches secure boot on where nothing is said.';
  if (firmware.secureBoot === undefined) ledger.added({ to, value: false, rule: 'firmware-secure-boot', because });
  else
    ledger.kept({ from: 'firmware.secureBoot', to, was: secureBoot, value: secureBoot, rule: 'firmware-secure-boot', because });
  if (secureBoot) {
    ledger.added({
      to: `${DOMAIN}.features.smm.enabled`,
      value: true,
      rule: 'firmware-secure-boot',
      because: 'KubeVirt refuses secure boot without system management mode.',
    });
  }
  ledger.added({
    to: `${BOOTLOADER}.efi.persistent`,
    value: true,
    rule: 'firmware-nvram',
    because: 'Boot entries survive a stop, as they did at the source. KubeVirt makes a small claim of its own for them.',
  });
  return { efi: { secureBoot, persistent: true } };
}

/** System management mode goes with secure boot and with nothing else. */
export function smmFeature({ bootloader }: Domain['firmware']): Pick<DomainFeatures, 'smm'> {
  return 'efi' in bootloader && bootloader.efi.secureBoot ? { smm: { enabled: true } } : {};
}

function mapSmbios(identity: Identity, ledger: Ledger): Pick<Domain['firmware'], 'uuid' | 'serial'> {
  const serial = cleanText(identity.serial);
  if (identity.biosUuid !== undefined) {
    ledger.kept({
      from: 'identity.biosUuid',
      to: `${DOMAIN}.firmware.uuid`,
      was: identity.biosUuid,
      value: identity.biosUuid,
      rule: 'smbios-uuid',
      because: 'The guest keeps its system UUID: licences, agents and cloud-init know it by that.',
    });
  }
  if (serial !== undefined) {
    const note = serial === identity.serial ? 'kept' : 'changed';
    ledger[note]({
      from: 'identity.serial',
      to: `${DOMAIN}.firmware.serial`,
      was: identity.serial,
      value: serial,
      rule: 'smbios-serial',
      because: 'The guest keeps its system serial number.',
    });
  } else {
    ledger.dropped({
      from: 'identity.serial',
      was: identity.serial,
      rule: 'smbios-serial',
      because: 'Nothing printable is in it.',
    });
  }
  ledger.dropped({
    from: 'identity.instanceUuid',
    was: identity.instanceUuid,
    rule: 'smbios-uuid',
    because: 'It names the VM towards its old management only; the guest never saw it.',
  });
  return {
    ...(identity.biosUuid === undefined ? {} : { uuid: identity.biosUuid }),
    ...(serial === undefined ? {} : { serial }),
  };
}

export function mapChassis(identity: Identity, ledger: Ledger): Pick<Domain, 'chassis'> {
  const asset = cleanText(identity.assetTag);
  if (asset === undefined) {
    ledger.dropped({
      from: 'identity.assetTag',
      was: identity.assetTag,
      rule: 'smbios-asset',
      because: 'Nothing printable is in it.',
    });
    return {};
  }
  ledger.kept({
    from: 'identity.assetTag',
    to: `${DOMAIN}.chassis.asset`,
    was: identity.assetTag,
    value: asset,
    rule: 'smbios-asset',
    because: 'The guest keeps its asset tag.',
  });
  return { chassis: { asset } };
}

/** A new TPM where the source had one, and explicitly none where a preference would add one. */
export function mapTpm(firmware: Firmware, preference: string | undefined, ledger: Ledger): Pick<Devices, 'tpm'> {
  const to = `${DOMAIN}.devices.tpm`;
  if (firmware.tpm === true) {
    ledger.changed({
      from: 'firmware.tpm',
      to,
      was: true,
      value: 'a new, persistent TPM 2.0',
      rule: 'firmware-tpm',
      because: 'The contents of a virtual TPM cannot leave the source; keys sealed in it are gone.',
    });
    return { tpm: { persistent: true } };
  }
  if (preference !== undefined && /^windows\.(11|2k22|2k25)/.test(preference)) {
    const because = `The source has no TPM, and the preference ${preference} would add one.`;
    if (firmware.tpm === undefined) ledger.added({ to, value: 'none', rule: 'firmware-tpm', because });
    else ledger.kept({ from: 'firmware.tpm', to, was: false, value: 'none', rule: 'firmware-tpm', because });
    return { tpm: { enabled: false } };
  }
  ledger.dropped({ from: 'firmware.tpm', was: firmware.tpm, rule: 'firmware-tpm', because: 'No TPM there, so none here.' });
  return {};
}

/** SMBIOS strings are printable text; control characters would break the libvirt XML. */
function cleanText(text: string | undefined): string | undefined {
  const cleaned = text
    ?.toWellFormed()
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim();
  return cleaned === '' ? undefined : cleaned;
}
