/** Every rule about the source, by part of the VM: package, VM, processors and memory, firmware, guest, disks, NICs, other devices. */
import type { Rule } from './rule.ts';
import { rule as busSharing } from './rules/bus-sharing.ts';
import { rule as capacityDiffers } from './rules/capacity-differs.ts';
import { rule as cdromMedia } from './rules/cdrom-media.ts';
import { rule as changeTrackingOff } from './rules/change-tracking-off.ts';
import { rule as clockUnknown } from './rules/clock-unknown.ts';
import { rule as clusterRoleMissing } from './rules/cluster-role-missing.ts';
import { rule as clusterServices } from './rules/cluster-services.ts';
import { rule as configurationChosen } from './rules/configuration-chosen.ts';
import { rule as consolidationNeeded } from './rules/consolidation-needed.ts';
import { rule as conversionUnsupported } from './rules/conversion-unsupported.ts';
import { rule as cpuAffinity } from './rules/cpu-affinity.ts';
import { rule as cpuCompatibility } from './rules/cpu-compatibility.ts';
import { rule as cpuMemoryHotAdd } from './rules/cpu-memory-hot-add.ts';
import { rule as cpuThreads } from './rules/cpu-threads.ts';
import { rule as cpuUnknown } from './rules/cpu-unknown.ts';
import { rule as deviceUnknown } from './rules/device-unknown.ts';
import { rule as disk4kn } from './rules/disk-4kn.ts';
import { rule as diskCount } from './rules/disk-count.ts';
import { rule as diskDifferencing } from './rules/disk-differencing.ts';
import { rule as diskEncrypted } from './rules/disk-encrypted.ts';
import { rule as diskInUse } from './rules/disk-in-use.ts';
import { rule as diskIndependent } from './rules/disk-independent.ts';
import { rule as diskIops } from './rules/disk-iops.ts';
import { rule as diskManagedVolume } from './rules/disk-managed-volume.ts';
import { rule as diskPmem } from './rules/disk-pmem.ts';
import { rule as diskRdm } from './rules/disk-rdm.ts';
import { rule as diskSerialCut } from './rules/disk-serial-cut.ts';
import { rule as diskShared } from './rules/disk-shared.ts';
import { rule as diskSharingUnclear } from './rules/disk-sharing-unclear.ts';
import { rule as diskSizeOdd } from './rules/disk-size-odd.ts';
import { rule as diskStorageUnknown } from './rules/disk-storage-unknown.ts';
import { rule as diskUnreadable } from './rules/disk-unreadable.ts';
import { rule as diskUnsupportedFormat } from './rules/disk-unsupported-format.ts';
import { rule as diskVhdSet } from './rules/disk-vhd-set.ts';
import { rule as diskWithoutSize } from './rules/disk-without-size.ts';
import { rule as eula } from './rules/eula.ts';
import { rule as faultTolerance } from './rules/fault-tolerance.ts';
import { rule as fibreChannel } from './rules/fibre-channel.ts';
import { rule as firmwareContradiction } from './rules/firmware-contradiction.ts';
import { rule as firmwareUnknown } from './rules/firmware-unknown.ts';
import { rule as floppy } from './rules/floppy.ts';
import { rule as guestAddressesUnknown } from './rules/guest-addresses-unknown.ts';
import { rule as guestDrivers } from './rules/guest-drivers.ts';
import { rule as guestFilesystemUnplaced } from './rules/guest-filesystem-unplaced.ts';
import { rule as guestFreeSpace } from './rules/guest-free-space.ts';
import { rule as guestIsolation } from './rules/guest-isolation.ts';
import { rule as guestOsEndOfLife } from './rules/guest-os-end-of-life.ts';
import { rule as guestOsUnbootable } from './rules/guest-os-unbootable.ts';
import { rule as guestOsUnknown } from './rules/guest-os-unknown.ts';
import { rule as hardwareTooOld } from './rules/hardware-too-old.ts';
import { rule as hostAffinity } from './rules/host-affinity.ts';
import { rule as hostnameDefault } from './rules/hostname-default.ts';
import { rule as identityUnknown } from './rules/identity-unknown.ts';
import { rule as imageDirty } from './rules/image-dirty.ts';
import { rule as imageSizeOdd } from './rules/image-size-odd.ts';
import { rule as imageSnapshots } from './rules/image-snapshots.ts';
import { rule as integrationServices } from './rules/integration-services.ts';
import { rule as latencySensitive } from './rules/latency-sensitive.ts';
import { rule as manifestIncomplete } from './rules/manifest-incomplete.ts';
import { rule as manifestMissing } from './rules/manifest-missing.ts';
import { rule as memoryBallooned } from './rules/memory-ballooned.ts';
import { rule as memoryDynamic } from './rules/memory-dynamic.ts';
import { rule as memoryUnknown } from './rules/memory-unknown.ts';
import { rule as nameChanged } from './rules/name-changed.ts';
import { rule as nameCollision } from './rules/name-collision.ts';
import { rule as nestedVirtualization } from './rules/nested-virtualization.ts';
import { rule as nicBandwidth } from './rules/nic-bandwidth.ts';
import { rule as nicDisconnected } from './rules/nic-disconnected.ts';
import { rule as nicHostOnly } from './rules/nic-host-only.ts';
import { rule as nicLegacy } from './rules/nic-legacy.ts';
import { rule as nicMacDuplicate } from './rules/nic-mac-duplicate.ts';
import { rule as nicMacMissing } from './rules/nic-mac-missing.ts';
import { rule as nicMacSpoofing } from './rules/nic-mac-spoofing.ts';
import { rule as nicMacUnusable } from './rules/nic-mac-unusable.ts';
import { rule as nicMtu } from './rules/nic-mtu.ts';
import { rule as nicNetworkUnknown } from './rules/nic-network-unknown.ts';
import { rule as nicOverlay } from './rules/nic-overlay.ts';
import { rule as nicPortPolicies } from './rules/nic-port-policies.ts';
import { rule as nicPrivateVlan } from './rules/nic-private-vlan.ts';
import { rule as nicPromiscuous } from './rules/nic-promiscuous.ts';
import { rule as nicSriov } from './rules/nic-sriov.ts';
import { rule as nicSriovOffload } from './rules/nic-sriov-offload.ts';
import { rule as nicTeaming } from './rules/nic-teaming.ts';
import { rule as nicTrunk } from './rules/nic-trunk.ts';
import { rule as noDisks } from './rules/no-disks.ts';
import { rule as noNics } from './rules/no-nics.ts';
import { rule as numaAffinity } from './rules/numa-affinity.ts';
import { rule as numaLayout } from './rules/numa-layout.ts';
import { rule as nvdimm } from './rules/nvdimm.ts';
import { rule as nvramLost } from './rules/nvram-lost.ts';
import { rule as packageProperties } from './rules/package-properties.ts';
import { rule as parallelPort } from './rules/parallel-port.ts';
import { rule as pciPassthrough } from './rules/pci-passthrough.ts';
import { rule as performanceCounters } from './rules/performance-counters.ts';
import { rule as questionPending } from './rules/question-pending.ts';
import { rule as replicationActive } from './rules/replication-active.ts';
import { rule as resourceReservation } from './rules/resource-reservation.ts';
import { rule as scsiDevice } from './rules/scsi-device.ts';
import { rule as secureBoot } from './rules/secure-boot.ts';
import { rule as secureBootTemplate } from './rules/secure-boot-template.ts';
import { rule as serialPort } from './rules/serial-port.ts';
import { rule as sgxEnclave } from './rules/sgx-enclave.ts';
import { rule as shieldedVm } from './rules/shielded-vm.ts';
import { rule as signatureUnchecked } from './rules/signature-unchecked.ts';
import { rule as sizeMismatch } from './rules/size-mismatch.ts';
import { rule as snapshotsAutomatic } from './rules/snapshots-automatic.ts';
import { rule as snapshotsForeign } from './rules/snapshots-foreign.ts';
import { rule as snapshotsPresent } from './rules/snapshots-present.ts';
import { rule as soundCard } from './rules/sound-card.ts';
import { rule as sourceExperimental } from './rules/source-experimental.ts';
import { rule as suspended } from './rules/suspended.ts';
import { rule as template } from './rules/template.ts';
import { rule as timeSyncLost } from './rules/time-sync-lost.ts';
import { rule as toolsMissing } from './rules/tools-missing.ts';
import { rule as toolsNotRunning } from './rules/tools-not-running.ts';
import { rule as toolsOutdated } from './rules/tools-outdated.ts';
import { rule as tpmPresent } from './rules/tpm-present.ts';
import { rule as usbController } from './rules/usb-controller.ts';
import { rule as usbDevice } from './rules/usb-device.ts';
import { rule as vappMember } from './rules/vapp-member.ts';
import { rule as vbsEnabled } from './rules/vbs-enabled.ts';
import { rule as vgpu } from './rules/vgpu.ts';
import { rule as virtualIommu } from './rules/virtual-iommu.ts';
import { rule as vmEncrypted } from './rules/vm-encrypted.ts';
import { rule as vmNotConnected } from './rules/vm-not-connected.ts';
import { rule as warmDiskUnfrozen } from './rules/warm-disk-unfrozen.ts';
import { rule as warmResilientTracking } from './rules/warm-resilient-tracking.ts';
import { rule as warmUntracked } from './rules/warm-untracked.ts';
import { rule as watchdog } from './rules/watchdog.ts';

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
  sourceExperimental,
  template,
  vmNotConnected,
  questionPending,
  suspended,
  snapshotsPresent,
  consolidationNeeded,
  snapshotsForeign,
  snapshotsAutomatic,
  vmEncrypted,
  faultTolerance,
  replicationActive,
  clusterRoleMissing,
  clusterServices,
  hostAffinity,
  vappMember,
  cpuUnknown,
  memoryUnknown,
  memoryDynamic,
  memoryBallooned,
  cpuMemoryHotAdd,
  cpuThreads,
  cpuAffinity,
  latencySensitive,
  numaLayout,
  numaAffinity,
  cpuCompatibility,
  performanceCounters,
  nestedVirtualization,
  resourceReservation,
  firmwareUnknown,
  firmwareContradiction,
  secureBoot,
  secureBootTemplate,
  shieldedVm,
  guestIsolation,
  vbsEnabled,
  virtualIommu,
  nvramLost,
  tpmPresent,
  identityUnknown,
  clockUnknown,
  guestOsUnknown,
  guestOsEndOfLife,
  guestDrivers,
  guestOsUnbootable,
  conversionUnsupported,
  guestFreeSpace,
  guestFilesystemUnplaced,
  hostnameDefault,
  guestAddressesUnknown,
  toolsMissing,
  toolsNotRunning,
  toolsOutdated,
  integrationServices,
  timeSyncLost,
  hardwareTooOld,
  noDisks,
  diskCount,
  diskUnreadable,
  diskWithoutSize,
  diskStorageUnknown,
  diskSizeOdd,
  capacityDiffers,
  imageDirty,
  imageSnapshots,
  imageSizeOdd,
  diskIndependent,
  diskShared,
  diskSharingUnclear,
  diskVhdSet,
  busSharing,
  diskRdm,
  diskEncrypted,
  disk4kn,
  diskDifferencing,
  diskUnsupportedFormat,
  diskManagedVolume,
  diskPmem,
  diskInUse,
  diskIops,
  diskSerialCut,
  changeTrackingOff,
  warmUntracked,
  warmDiskUnfrozen,
  warmResilientTracking,
  cdromMedia,
  noNics,
  nicMacMissing,
  nicMacDuplicate,
  nicMacUnusable,
  nicNetworkUnknown,
  nicTrunk,
  nicPrivateVlan,
  nicOverlay,
  nicHostOnly,
  nicPromiscuous,
  nicMtu,
  nicSriov,
  nicSriovOffload,
  nicLegacy,
  nicMacSpoofing,
  nicTeaming,
  nicBandwidth,
  nicPortPolicies,
  nicDisconnected,
  floppy,
  usbDevice,
  usbController,
  pciPassthrough,
  vgpu,
  fibreChannel,
  scsiDevice,
  nvdimm,
  serialPort,
  parallelPort,
  sgxEnclave,
  soundCard,
  watchdog,
  deviceUnknown,
];
