/**
 * The catalogue of MigrationError codes: stable, kebab-case, one line each, sorted by subject.
 * `exit` 2 = what was asked cannot be right (usage, configuration); 3 = a source, a target or a transfer failed.
 * `advice` is printed when the place that throws knows nothing better.
 */
interface CatalogueEntry {
  readonly disposition: 'retry' | 'wait' | 'stalled';
  readonly exit: 2 | 3;
  readonly advice: string;
}

function entry(exit: 2 | 3, disposition: CatalogueEntry['disposition'], advice: string): CatalogueEntry {
  return { disposition, exit, advice };
}

export const ERROR_CODES = {
  // What the user asked for
  usage: entry(2, 'stalled', 'Run the command with --help.'),
  'source-not-found': entry(2, 'stalled', 'Check the path or URL of the source.'),
  'source-unrecognised': entry(
    2,
    'stalled',
    'Give an OVA, OVF, VMX, VMDK, VHD, VHDX, qcow2, VDI or raw image, or a folder that holds any.',
  ),
  'vm-not-found': entry(2, 'stalled', 'List the names with `kubeferry inventory SOURCE`.'),
  'plan-not-found': entry(2, 'stalled', 'List the plans with `kubeferry status -A`.'),
  'config-invalid': entry(2, 'stalled', 'Correct the named place in the file.'),
  'ovf-config-unknown': entry(2, 'stalled', 'Choose one of the deployment configurations that the message lists.'),
  'target-occupied': entry(2, 'stalled', 'Choose an empty folder, or use --resume to go on with the migration that is there.'),
  'tool-missing': entry(2, 'stalled', 'Install the named program.'),

  // Archives and packages
  'tar-truncated': entry(3, 'stalled', 'The archive ends too early: copy or download it again.'),
  'tar-malformed': entry(3, 'stalled', 'The file is not a tar archive that can be read: export it again.'),
  'tar-entry-unsafe': entry(
    3,
    'stalled',
    'The archive names a path outside itself, a link or a device. Do not use it; export the VM again.',
  ),
  'package-no-descriptor': entry(3, 'stalled', 'An OVA holds exactly one .ovf descriptor: export it again.'),
  'package-digest-mismatch': entry(3, 'stalled', 'The file differs from what the manifest promises: copy or download it again.'),
  'package-file-missing': entry(3, 'stalled', 'Put the named file beside the descriptor, or export the VM again.'),
  'package-manifest-malformed': entry(3, 'stalled', 'The .mf file cannot be read: export the VM again.'),
  'href-unsafe': entry(
    3,
    'stalled',
    'A descriptor may name only files in its own folder. Copy the file there and correct the reference.',
  ),
  'gzip-malformed': entry(3, 'stalled', 'The compressed member cannot be inflated: export the VM again.'),
  'gzip-oversized': entry(
    3,
    'stalled',
    'The compressed member is larger than its descriptor declares. Do not use it; export the VM again.',
  ),

  // Descriptors
  'descriptor-too-large': entry(3, 'stalled', 'Descriptors over 10 MiB are refused.'),
  'descriptor-encoding': entry(3, 'stalled', 'Save the descriptor as UTF-8.'),
  'xml-malformed': entry(3, 'stalled', 'Export the VM again.'),
  'xml-dtd-refused': entry(3, 'stalled', 'OVF needs no DTD and no entities of its own: export the VM again.'),
  'xml-too-complex': entry(3, 'stalled', 'The descriptor is nested deeper, or holds more elements, than any exporter writes.'),
  'ovf-not-ovf': entry(3, 'stalled', 'The file is XML but no OVF envelope.'),
  'ovf-malformed': entry(3, 'stalled', 'Export the VM again.'),
  'ovf-duplicate-id': entry(3, 'stalled', 'Two parts of the envelope have one id: export the VMs separately.'),
  'vmx-malformed': entry(3, 'stalled', 'Check the named line of the .vmx file.'),
  'vmx-encrypted': entry(3, 'stalled', 'Remove the encryption of the VM on the source, then copy it again.'),

  // Disk images
  'image-truncated': entry(3, 'stalled', 'The image ends too early: copy it again.'),
  'image-malformed': entry(3, 'stalled', 'The image header is damaged: copy or export it again.'),
  'image-unsupported': entry(3, 'stalled', 'Convert the image to a supported kind first.'),
  'image-parent-missing': entry(3, 'stalled', 'Put the parent image beside the child, or consolidate the snapshots.'),
  'image-parent-loop': entry(3, 'stalled', 'The chain of parents leads back to itself: consolidate the snapshots on the source.'),
  'image-extent-unsafe': entry(
    3,
    'stalled',
    'The image names a file outside its folder. Copy that file beside it and correct the reference.',
  ),
  'image-extent-missing': entry(3, 'stalled', 'Put the named extent file beside the descriptor.'),
  'image-too-large': entry(3, 'stalled', 'The image claims a size that no hypervisor makes.'),
  'capacity-smaller-than-image': entry(
    3,
    'stalled',
    'The descriptor declares a smaller disk than the image holds: export the VM again.',
  ),

  // Inventory workbooks (RVTools)
  'inventory-only': entry(2, 'stalled', 'Assess and plan with this source; migrate from the hypervisor or from image files.'),
  'workbook-incomplete': entry(
    2,
    'stalled',
    'Export everything again with RVTools and leave sheet and column names as it writes them.',
  ),
  'workbook-contradictory': entry(2, 'stalled', 'Export again with RVTools, or remove the rows that the message names.'),
  'workbook-malformed': entry(3, 'stalled', 'The workbook is damaged: export it again.'),
  'workbook-too-large': entry(3, 'stalled', 'The workbook is larger than any inventory. Do not use it; export again.'),

  // Moving bytes
  'space-insufficient': entry(3, 'wait', 'Free space on the target, or choose another folder.'),
  'target-full': entry(3, 'wait', 'Free space on the target and run again with --resume.'),
  'target-write-failed': entry(3, 'retry', 'Check the target disk and run again with --resume.'),
  'target-changed': entry(3, 'stalled', 'A finished disk was changed from outside. Remove it and run again with --resume.'),
  'target-network-missing': entry(3, 'stalled', 'Make the named network, or map it to another one, then retry the VM.'),
  'target-not-stopped': entry(
    3,
    'stalled',
    'Look whether the VM runs in the cluster, and stop it there, before its source is started by hand.',
  ),
  'source-read-failed': entry(3, 'retry', 'Check the source disk and run again with --resume.'),
  'source-changed': entry(3, 'stalled', 'The source changed while it was read. Run again when it is still.'),
  'transfer-tool-failed': entry(3, 'retry', 'The message holds what the program said.'),
  'proof-mismatch': entry(
    3,
    'stalled',
    'Target and source differ. The disk was not released; check memory and storage and run again.',
  ),
  'state-unreadable': entry(3, 'stalled', 'The progress file of an earlier run cannot be read. Start again in an empty folder.'),
  'state-foreign': entry(
    3,
    'stalled',
    'The progress file belongs to another disk or another state of it. Start again in an empty folder.',
  ),
  'source-unreadable': entry(3, 'stalled', 'Check the permissions of the source.'),
  // Live hypervisors
  'credentials-missing': entry(
    2,
    'stalled',
    'Give the password by KUBEFERRY_PASSWORD, KUBEFERRY_PASSWORD_FILE or at the prompt.',
  ),
  'source-unreachable': entry(3, 'retry', 'Check name, port, firewall and proxy; `kubeferry doctor SOURCE` tests each link.'),
  'source-untrusted': entry(
    3,
    'stalled',
    'Give the certificate authority by --ca-file, or the certificate itself by --thumbprint after comparing it with the server.',
  ),
  'source-login-failed': entry(3, 'stalled', 'Check user name and password, and that the account is not locked.'),
  'source-forbidden': entry(
    3,
    'stalled',
    'Give the account the named privilege; `kubeferry doctor SOURCE` lists all that are missing.',
  ),
  'source-answer-broken': entry(
    3,
    'retry',
    'Something between here and the server cuts or replaces its answers; check proxies and load.',
  ),
  'source-refused': entry(3, 'stalled', 'The message holds what the server said.'),
  'source-busy': entry(3, 'wait', 'Another operation is in the way. Run again when it has ended.'),
  'guest-not-reachable': entry(3, 'stalled', 'Shut the guest down by hand, or allow a hard power-off.'),
  'guest-shutdown-timeout': entry(
    3,
    'stalled',
    'The guest did not shut down in time. Shut it down by hand, or allow a hard power-off.',
  ),
  'snapshot-failed': entry(3, 'stalled', 'The message holds what the server said.'),
  'change-tracking-unavailable': entry(3, 'stalled', 'Copy the VM cold, or compare whole disks.'),
  'change-tracking-reset': entry(3, 'stalled', 'The next copy compares the whole disk; it stays correct and takes longer.'),
  'disks-changed': entry(3, 'stalled', 'Plan the VM anew, then retry it: what is copied of its other disks is kept.'),
  'source-running': entry(
    3,
    'stalled',
    'Somebody started the source while it was cut over. Find out why, then retry: what it wrote is copied again.',
  ),
  'group-failed': entry(3, 'stalled', 'Mend what failed in its group, then retry all of its VMs.'),
  'disk-unreachable': entry(3, 'stalled', 'The message says which ways to the bytes were tried.'),

  // The proof that a guest boots
  'boot-not-proven': entry(
    3,
    'stalled',
    'Look at the picture and the console of the proof. Mend the guest, or give it a longer deadline or other probes; then retry the VM.',
  ),
  'boot-machine-failed': entry(3, 'retry', 'The message holds what qemu said; check memory and space of this machine.'),

  // The target cluster
  'cluster-not-configured': entry(2, 'stalled', 'Give --kubeconfig FILE and --context NAME, or set KUBECONFIG.'),
  'cluster-unreachable': entry(3, 'retry', 'Check the server of the kubeconfig, its port, firewall and proxy.'),
  'cluster-untrusted': entry(3, 'stalled', 'Put the authority of the API server into the kubeconfig.'),
  'cluster-login-failed': entry(
    3,
    'stalled',
    'Check with `kubectl auth whoami` that the login of the kubeconfig is still valid.',
  ),
  'cluster-forbidden': entry(3, 'stalled', 'Grant the named verb on the named resource by a Role or ClusterRole.'),
  'cluster-kind-missing': entry(3, 'stalled', 'Install what brings the named kind, or check its version.'),
  'cluster-namespace-missing': entry(3, 'stalled', 'Create the namespace first.'),
  'cluster-object-missing': entry(3, 'stalled', 'Somebody deleted the named object.'),
  'cluster-object-exists': entry(3, 'stalled', 'Remove the named object, or choose another name.'),
  'cluster-conflict': entry(3, 'retry', 'The object changed at the same moment. Run again.'),
  'cluster-field-conflict': entry(3, 'stalled', 'Another program holds the named fields: let it give them up.'),
  'cluster-refused': entry(3, 'stalled', 'The message holds what the API server said.'),
  'cluster-busy': entry(3, 'wait', 'The API server turns requests away. Run again when its load is less.'),
  'cluster-expired': entry(3, 'retry', 'The state that was asked for is compacted. Run again.'),
  'cluster-answer-broken': entry(
    3,
    'retry',
    'Something between here and the API server cuts or replaces its answers; check proxies and load.',
  ),
  'claim-in-use': entry(
    3,
    'wait',
    'Shut the VM down, or end the Pod; a disk that is written to cannot be compared with anything.',
  ),
  'quota-exceeded': entry(3, 'wait', 'Raise the quota of the namespace, or free what it counts.'),

  'deadline-passed': entry(3, 'stalled', 'Set a later deadline in the schedule of the plan, and retry the VM.'),

  'hook-failed': entry(3, 'stalled', 'Look at the log of its Job; mend what it says, then retry the VM.'),

  // Inside guests: inspection and conversion. The copied disks stay as they were copied.
  'guest-unsupported': entry(
    3,
    'stalled',
    'The converter does not know this system. Migrate it with the policy `compatibility` (SATA, e1000e), or `none` where it has virtio drivers.',
  ),
  'guest-system-missing': entry(
    3,
    'stalled',
    'No operating system was found on the disks. Check that all disks of the VM are migrated; use the policy `none` for a VM without one (`--guest VM=none`).',
  ),
  'guest-root-ambiguous': entry(
    3,
    'stalled',
    'Name the device of the root file system, one of those in the message: `--guest-root`, or `guest.root` in a plan.',
  ),
  'guest-hibernated': entry(
    3,
    'stalled',
    'Start the VM at the source, turn fast startup off (`powercfg /h off`) and shut it down; then retry the VM.',
  ),
  'guest-filesystem-dirty': entry(
    3,
    'stalled',
    'Start the VM at the source, let the file system be checked (`chkdsk /f`, `fsck`) and shut it down cleanly; then retry the VM.',
  ),
  'guest-encrypted': entry(
    3,
    'stalled',
    'Give the passphrase of the volume in a Secret, or Clevis where the guest uses it; suspend or remove BitLocker at the source.',
  ),
  'guest-no-space': entry(3, 'stalled', 'Free space in the named file system of the guest at the source, then retry the VM.'),
  'guest-boot-missing': entry(
    3,
    'stalled',
    'Look at boot loader and kernel of the guest at the source: each must be a package of its distribution. Then retry the VM.',
  ),
  'virtio-win-missing': entry(
    3,
    'stalled',
    'Give a virtio-win ISO or folder that has drivers for this release of Windows; old releases need an old one.',
  ),
  'appliance-failed': entry(
    3,
    'retry',
    'Check `libguestfs-test-tool`, memory and /dev/kvm of the machine; a kernel image and qemu must be installed. Without KVM, use emulation.',
  ),
  'guest-drivers-missing': entry(
    3,
    'stalled',
    'Let the guest be converted (policy `convert`), or give it devices that it knows (policy `compatibility`); then retry the VM.',
  ),
  'guest-script-failed': entry(
    3,
    'stalled',
    'Mend the script by what it printed, or leave it out; then retry the VM. Scripts for the conversion run without network.',
  ),
  'conversion-failed': entry(3, 'stalled', 'The message holds what the converter said.'),

  canceled: entry(3, 'retry', 'Run again with --resume to go on.'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
