/** Every rule about the manifests: what is there already, what admission lets through, what the cluster cannot carry. */
import { rule as bootloaderOpen } from './target/bootloader-open.ts';
import { rule as claimExists } from './target/claim-exists.ts';
import { rule as cpuFeatureMissing } from './target/cpu-feature-missing.ts';
import { rule as cpuTopologyIncomplete } from './target/cpu-topology-incomplete.ts';
import { rule as evictionWithoutSharing } from './target/eviction-without-sharing.ts';
import { rule as featureGateOff } from './target/feature-gate-off.ts';
import { rule as fieldTooNew } from './target/field-too-new.ts';
import { rule as fieldUnknown } from './target/field-unknown.ts';
import { rule as firmwareUuidMalformed } from './target/firmware-uuid-malformed.ts';
import { rule as hypervChainBroken } from './target/hyperv-chain-broken.ts';
import { rule as interfaceMacRepeated } from './target/interface-mac-repeated.ts';
import { rule as limitRange } from './target/limit-range.ts';
import { rule as lunUnfit } from './target/lun-unfit.ts';
import { rule as macExists } from './target/mac-exists.ts';
import { rule as memoryLimitBelowGuest } from './target/memory-limit-below-guest.ts';
import { rule as memoryMissing } from './target/memory-missing.ts';
import { rule as memoryOdd } from './target/memory-odd.ts';
import { rule as nameTooLong } from './target/name-too-long.ts';
import { rule as nodeTooSmall } from './target/node-too-small.ts';
import { rule as preferenceMissing } from './target/preference-missing.ts';
import { rule as quotaExceeded } from './target/quota-exceeded.ts';
import { rule as timeZoneInvalid } from './target/time-zone-invalid.ts';
import { rule as vmExists } from './target/vm-exists.ts';
import { rule as volumeClaimMissing } from './target/volume-claim-missing.ts';
import type { TargetRule } from './target-rule.ts';

export const TARGET_RULES: readonly TargetRule[] = [
  vmExists,
  claimExists,
  macExists,
  nameTooLong,
  firmwareUuidMalformed,
  timeZoneInvalid,
  interfaceMacRepeated,
  lunUnfit,
  cpuTopologyIncomplete,
  memoryLimitBelowGuest,
  memoryMissing,
  memoryOdd,
  volumeClaimMissing,
  bootloaderOpen,
  fieldUnknown,
  fieldTooNew,
  featureGateOff,
  evictionWithoutSharing,
  hypervChainBroken,
  preferenceMissing,
  quotaExceeded,
  limitRange,
  nodeTooSmall,
  cpuFeatureMissing,
];
