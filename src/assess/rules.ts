/** Every rule, by part of the VM: package, VM, processors and memory, firmware, guest, disks, NICs, other devices. */
import type { Rule } from './rule.ts';
import { rule as busSharing } from './rules/bus-sharing.ts';
import { rule as capacityDiffers } from './rules/capacity-differs.ts';
import { rule as cdromMedia } from './rules/cdrom-media.ts';
import { rule as clockUnknown } from './rules/clock-unknown.ts';
import { rule as configurationChosen } from './rules/configuration-chosen.ts';
import { rule as consolidationNeeded } from './rules/consolidation-needed.ts';
import { rule as cpuAffinity } from './rules/cpu-affinity.ts';
import { rule as cpuUnknown } from './rules/cpu-unknown.ts';
import { rule as deviceUnknown } from './rules/device-unknown.ts';
import { rule as disk4kn } from './rules/disk-4kn.ts';
import { rule as diskDifferencing } from './rules/disk-differencing.ts';
import { rule as diskEncrypted } from './rules/disk-encrypted.ts';
import { rule as diskIndependent } from './rules/disk-independent.ts';
import { rule as diskRdm } from './rules/disk-rdm.ts';
import { rule as diskShared } from './rules/disk-shared.ts';
import { rule as diskSizeOdd } from './rules/disk-size-odd.ts';
import { rule as diskUnsupportedFormat } from './rules/disk-unsupported-format.ts';
import { rule as diskWithoutSize } from './rules/disk-without-size.ts';
import { rule as eula } from './rules/eula.ts';
import { rule as firmwareContradiction } from './rules/firmware-contradiction.ts';
import { rule as firmwareUnknown } from './rules/firmware-unknown.ts';
import { rule as floppy } from './rules/floppy.ts';
import { rule as guestDrivers } from './rules/guest-drivers.ts';
import { rule as guestOsEndOfLife } from './rules/guest-os-end-of-life.ts';
import { rule as guestOsUnbootable } from './rules/guest-os-unbootable.ts';
import { rule as guestOsUnknown } from './rules/guest-os-unknown.ts';
import { rule as hardwareTooOld } from './rules/hardware-too-old.ts';
import { rule as identityUnknown } from './rules/identity-unknown.ts';
import { rule as imageDirty } from './rules/image-dirty.ts';
import { rule as imageSizeOdd } from './rules/image-size-odd.ts';
import { rule as imageSnapshots } from './rules/image-snapshots.ts';
import { rule as latencySensitive } from './rules/latency-sensitive.ts';
import { rule as manifestIncomplete } from './rules/manifest-incomplete.ts';
import { rule as manifestMissing } from './rules/manifest-missing.ts';
import { rule as memoryUnknown } from './rules/memory-unknown.ts';
import { rule as nameChanged } from './rules/name-changed.ts';
import { rule as nameCollision } from './rules/name-collision.ts';
import { rule as nestedVirtualization } from './rules/nested-virtualization.ts';
import { rule as nicMacDuplicate } from './rules/nic-mac-duplicate.ts';
import { rule as nicMacMissing } from './rules/nic-mac-missing.ts';
import { rule as nicNetworkUnknown } from './rules/nic-network-unknown.ts';
import { rule as nicSriov } from './rules/nic-sriov.ts';
import { rule as noDisks } from './rules/no-disks.ts';
import { rule as noNics } from './rules/no-nics.ts';
import { rule as numaLayout } from './rules/numa-layout.ts';
import { rule as nvramLost } from './rules/nvram-lost.ts';
import { rule as packageProperties } from './rules/package-properties.ts';
import { rule as parallelPort } from './rules/parallel-port.ts';
import { rule as pciPassthrough } from './rules/pci-passthrough.ts';
import { rule as resourceReservation } from './rules/resource-reservation.ts';
import { rule as secureBoot } from './rules/secure-boot.ts';
import { rule as serialPort } from './rules/serial-port.ts';
import { rule as sgxEnclave } from './rules/sgx-enclave.ts';
import { rule as signatureUnchecked } from './rules/signature-unchecked.ts';
import { rule as sizeMismatch } from './rules/size-mismatch.ts';
import { rule as snapshotsPresent } from './rules/snapshots-present.ts';
import { rule as soundCard } from './rules/sound-card.ts';
import { rule as suspended } from './rules/suspended.ts';
import { rule as template } from './rules/template.ts';
import { rule as toolsMissing } from './rules/tools-missing.ts';
import { rule as tpmPresent } from './rules/tpm-present.ts';
import { rule as usbDevice } from './rules/usb-device.ts';
import { rule as vgpu } from './rules/vgpu.ts';
import { rule as vmEncrypted } from './rules/vm-encrypted.ts';

export const RULES: readonly Rule[] = [
  manifestMissing,
  manifestIncomplete,
  signatureUnchecked,
  sizeMismatch,
  packageProperties,
  eula,
  configurationChosen,
  nameChanged,
  nameCollision,
  template,
  suspended,
  snapshotsPresent,
  consolidationNeeded,
  vmEncrypted,
  cpuUnknown,
  memoryUnknown,
  cpuAffinity,
  latencySensitive,
  numaLayout,
  nestedVirtualization,
  resourceReservation,
  firmwareUnknown,
  firmwareContradiction,
  secureBoot,
  nvramLost,
  tpmPresent,
  identityUnknown,
  clockUnknown,
  guestOsUnknown,
  guestOsEndOfLife,
  guestDrivers,
  guestOsUnbootable,
  toolsMissing,
  hardwareTooOld,
  noDisks,
  diskWithoutSize,
  diskSizeOdd,
  capacityDiffers,
  imageDirty,
  imageSnapshots,
  imageSizeOdd,
  diskIndependent,
  diskShared,
  busSharing,
  diskRdm,
  diskEncrypted,
  disk4kn,
  diskDifferencing,
  diskUnsupportedFormat,
  cdromMedia,
  noNics,
  nicMacMissing,
  nicMacDuplicate,
  nicNetworkUnknown,
  nicSriov,
  floppy,
  usbDevice,
  pciPassthrough,
  vgpu,
  serialPort,
  parallelPort,
  sgxEnclave,
  soundCard,
  deviceUnknown,
];
