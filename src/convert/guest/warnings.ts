/**
 * What warnings of virt-v2v mean to people who migrate, and which mean nothing here. Read in the messages of virt-v2v 2.2.0 (strings of the program; the one
 * marked * was seen in runs). Pure.
 */

export interface GuestFacts {
  /** Kernels that it could start; absent where nobody counted. */
  readonly kernels?: number;
}

interface Row {
  readonly says: RegExp;
  /** With `$1` for the first group; absent: it is about something that we do ourselves, or that does not matter on KubeVirt. */
  readonly means?: string;
  /** Where it means nothing all the same. */
  readonly except?: (facts: GuestFacts) => boolean;
}

const ROWS: readonly Row[] = [
  // * Every Debian and Ubuntu: they have neither grubby nor Perl's boot loader library, by which it chooses the kernel that it prepared.
  {
    says: /could not determine a way to update the configuration of Grub2/,
    means:
      'GRUB goes on starting the kernel that it started before: virt-v2v made the newest one ready, and cannot make it the default in this guest. The boot proof shows whether it starts.',
    except: ({ kernels }) => kernels === 1,
  },
  // The serial console is ours (finish/console.ts), which warns by itself.
  { says: /could not (?:add|remove) grub2 serial console|could not rebuild grub2 configuration file/ },
  // It frees room on a disk that is thin already.
  { says: /Usually you can ignore this message\. +To find out more read "Trimming"/ },
  // Of the machine that it was told of. The one that runs comes from the mapping.
  {
    says: /in the input libvirt XML was ignored|was ignored because the device name could not be recognized|sound cards?\b.*dropped/,
  },
  { says: /X11 does not seem to be installed in the guest/ },
  // Drives that a target does not have, and whose entries no boot waits for.
  { says: /references unknown device "?\/dev\/(?:fd\d|cdrom\w*|dvd\w*|sr\d|scd\d)/ },
  {
    says: /(\S+) references unknown device "([^"]*)"/,
    means:
      'The guest names the disk $2 ($1), which is none of those that were converted: where it needs that disk to start, it stops. Correct the entry in the guest.',
  },
  {
    says: /(VMware tools|VirtualBox Guest Additions) (?:was|were) detected, but uninstallation failed/i,
    means: '$1 could not be uninstalled: they stay in the guest, and do not start on KubeVirt.',
  },
  {
    says: /this guest has (Anti-Virus \(AV\) software|Windows Group Policy Objects \(GPO\))/,
    means:
      'The guest has $1, which may keep its new disk driver from starting (stop code 7B): where it does not boot, turn them off at the source and retry the VM.',
  },
  {
    says: /QEMU Guest Agent MSI not found on tools ISO/,
    means: 'The virtio-win that was named brings no QEMU guest agent: install it in Windows by hand.',
  },
  {
    says: /package that provides the QEMU Guest Agent for this guest OS is unknown|QEMU Guest Agent will not be installed/,
    means: 'virt-v2v knows no package of the QEMU guest agent for this guest.',
  },
  {
    says: /is missing\. +Firstboot scripts may conflict with PnP/,
    means: 'Scripts of the first boot may start while Windows still installs its new drivers: they are not kept waiting here.',
  },
];

/** In our words, without those that mean nothing; a warning that is not known stays as it is. */
export function tellWarnings(warnings: readonly string[], facts: GuestFacts): readonly string[] {
  return warnings.flatMap((warning) => {
    const row = ROWS.find(({ says }) => says.test(warning));
    if (row === undefined) return [warning];
    if (row.means === undefined || row.except?.(facts) === true) return [];
    return [row.says.exec(warning)?.[0].replace(row.says, row.means) ?? warning];
  });
}
