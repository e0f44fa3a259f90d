/**
 * Why a conversion failed, from what virt-v2v, libguestfs and the programs below them print. The first row that fits is the cause:
 * the exact ones come first. Read in the messages of virt-v2v 2.2.0 (strings of the program; those marked * were seen in runs)
 * and of its public source up to 2.10.
 */
import type { ErrorCode } from '../../model/error-codes.ts';
import { MigrationError } from '../../model/errors.ts';

interface Row {
  readonly says: RegExp;
  readonly code: ErrorCode;
  readonly means: string;
  readonly hint?: string;
}

const ROWS: readonly Row[] = [
  // *
  {
    says: /could not find key to open LUKS|could not read key from user|Enter key or passphrase/,
    code: 'guest-encrypted',
    means: 'an encrypted volume has no key that opens it',
  },
  { says: /clevis.*(failed|unavailable)|clevis_luks_unlock/i, code: 'guest-encrypted', means: 'Clevis cannot open a volume' },
  { says: /bitlocker/i, code: 'guest-encrypted', means: 'a volume is encrypted with BitLocker' },
  {
    says: /Windows is hibernated, refused to mount|hibernated(?! non-system)/,
    code: 'guest-hibernated',
    means: 'Windows is hibernated, or was shut down by fast startup',
  },
  {
    says: /filesystem was mounted read-only, even though|unclean file system|unsafe state|Metadata kept in Windows cache/,
    code: 'guest-filesystem-dirty',
    means: 'a file system cannot be written: it was not cleanly unmounted, or Windows is hibernated',
    hint: 'Start the VM at the source, turn fast startup off (`powercfg /h off`), check its file systems and shut it down; then retry the VM.',
  },
  { says: /detected errors on the XFS filesystem/i, code: 'guest-filesystem-dirty', means: 'an XFS file system is damaged' },
  // *
  {
    says: /not enough (free space|available inodes) for conversion/,
    code: 'guest-no-space',
    means: 'a file system of the guest is too full',
  },
  {
    says: /insufficient free space in the conversion server temporary directory/,
    code: 'space-insufficient',
    means: 'the place for temporary files is too small here',
    hint: 'The converter wants 1 GiB for temporary files.',
  },
  // *
  {
    says: /multi-boot operating systems? (detected|are not supported)|root device .* not found\.?\s+Roots found were|Choose the root filesystem/i,
    code: 'guest-root-ambiguous',
    means: 'more than one operating system is on the disks, or not the one that was named',
  },
  // *
  {
    says: /No root device found in this operating system image/,
    code: 'guest-system-missing',
    means: 'no operating system is on the disks',
  },
  {
    says: /inspection could not detect the source guest/,
    code: 'guest-system-missing',
    means: 'no operating system is on the disks',
  },
  {
    says: /not an installed operating system/,
    code: 'guest-system-missing',
    means: 'the disks hold an installer or live system',
  },
  // * (libguestfs 1.48: it opens the volume under a name of its own)
  {
    says: /mount_stub: \/dev\/mapper\/\S+: No such file/,
    code: 'guest-unsupported',
    means: 'the guest names an encrypted file system as its own start does, and the converter opens it under another name',
    hint: "Write `UUID=…` instead of /dev/mapper/… into the guest's /etc/fstab, then retry the VM; or migrate it with the policy `compatibility`.",
  },
  { says: /unable to convert this guest type/, code: 'guest-unsupported', means: 'the converter does not know this system' },
  {
    says: /inspection of the package database failed/,
    code: 'guest-unsupported',
    means: 'the packages of the guest cannot be listed',
  },
  {
    says: /no bootloader detected|no installed kernel packages were found|no kernels were found|could not find bootloader/i,
    code: 'guest-boot-missing',
    means: 'the guest has no boot loader or kernel that the converter knows',
  },
  {
    says: /no virtio drivers available for this version of Windows|cannot open virtio-win ISO|is missing from the virtio-win directory|rhsrvany\.exe or pvvxsvc\.exe is missing/,
    code: 'virtio-win-missing',
    means: 'drivers for this release of Windows are missing',
  },
  {
    says: /failed to set MSR|Could not access KVM|KVM_CREATE_VM|kvm_init_vcpu|guestfs_launch failed|appliance closed the connection|call launch before using this function|unexpected end of file when reading from daemon|qemu exited|qemu failed|supermin|error: launch/i,
    code: 'appliance-failed',
    means: 'the machine that works on the disks did not start, or broke off',
  },
];

const QUOTE_LIMIT = 600;

/** What is quoted of a program's own words: its first lines, without the request to report bugs. */
function quoted(text: string): string {
  const [said = ''] = text.split(/\n\s*If reporting bugs,/, 1);
  const flat = said
    .replaceAll(/^virt-v2v-in-place: error: /gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return flat.length <= QUOTE_LIMIT ? flat : `${flat.slice(0, QUOTE_LIMIT)} …`;
}

/**
 * The error to throw when a converter failed.
 * @param said its own error message where it gave one, else the end of its stderr
 * @param alsoSaid more of its output to look for the cause in
 */
export function conversionFailure(vm: string, said: string, alsoSaid = ''): MigrationError {
  const all = `${said}\n${alsoSaid}`;
  const row = ROWS.find(({ says }) => says.test(said)) ?? ROWS.find(({ says }) => says.test(all));
  const systems = [...alsoSaid.matchAll(/^ *\[\d+\] (\/dev\/\S+.*)$/gm)].map(([, system]) => system);
  const words = systems.length > 0 ? systems.join(', ') : quoted(said) || 'it does not say why';
  if (row === undefined) return new MigrationError('conversion-failed', `The conversion failed: ${words}`, { vm });
  const message = `The conversion failed, ${row.means}: ${words}`;
  return new MigrationError(row.code, message, row.hint === undefined ? { vm } : { vm, hint: row.hint });
}

/** A warning of the converter after which the guest would not boot from virtio devices: then it is a failure. */
export function isFatalWarning(text: string): boolean {
  return /no virtio drivers available for this version of Windows/.test(text);
}
