/** Finds UEFI firmware for qemu and makes the variables of one run. BIOS is in qemu itself. */
import { access, chmod, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../../model/errors.ts';
import type { ProofMachine } from './machine.ts';

interface Firmware {
  readonly code: string;
  readonly variables: string;
}

/** Where Debian and Ubuntu (ovmf), Fedora and its kin (edk2-ovmf), and Arch have it. With secure boot: the keys of Microsoft are enrolled. */
const PLAIN: readonly Firmware[] = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', variables: '/usr/share/OVMF/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/ovmf/OVMF_CODE.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', variables: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
];
const SECURE: readonly Firmware[] = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.ms.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.secboot.fd', variables: '/usr/share/OVMF/OVMF_VARS.ms.fd' },
  { code: '/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd', variables: '/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd' },
];

/**
 * The firmware with its own variables in `folder`; undefined for BIOS.
 * @throws MigrationError `tool-missing` when this machine has no such firmware
 */
export async function prepareFirmware(kind: ProofMachine['firmware'], folder: string): Promise<Firmware | undefined> {
  if (kind.kind === 'bios') return undefined;
  for (const { code, variables } of kind.secureBoot ? SECURE : PLAIN) {
    if (!(await exists(code)) || !(await exists(variables))) continue;
    const own = path.join(folder, 'efi-vars.fd');
    await copyFile(variables, own);
    await chmod(own, 0o600);
    return { code, variables: own };
  }
  throw new MigrationError(
    'tool-missing',
    `This machine has no UEFI firmware for qemu${kind.secureBoot ? ' with secure boot' : ''}.`,
    {
      hint: 'Install it, on Debian and Ubuntu with `apt-get install ovmf`, on Fedora and its kin `edk2-ovmf`.',
    },
  );
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
