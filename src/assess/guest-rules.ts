/** The rules about guests: what is inside them, what is asked for them, and how the two go together. In the order of the catalogue. */
import { rule as compatibilityDevices } from './guest/compatibility-devices.ts';
import { rule as guestBitlocker } from './guest/guest-bitlocker.ts';
import { rule as guestEncrypted } from './guest/guest-encrypted.ts';
import { rule as guestLeftAlone } from './guest/guest-left-alone.ts';
import { rule as guestLoaderMissing } from './guest/guest-loader-missing.ts';
import { rule as guestNotReady } from './guest/guest-not-ready.ts';
import { rule as guestNtfsUnclean } from './guest/guest-ntfs-unclean.ts';
import { rule as guestRootAmbiguous } from './guest/guest-root-ambiguous.ts';
import { rule as guestSystemMissing } from './guest/guest-system-missing.ts';
import { rule as guestToolsForeign } from './guest/guest-tools-foreign.ts';
import { rule as guestUnseen } from './guest/guest-unseen.ts';
import { rule as probeUnanswerable } from './guest/probe-unanswerable.ts';
import { rule as proofEncrypted } from './guest/proof-encrypted.ts';
import { rule as proofHalted } from './guest/proof-halted.ts';
import { rule as scriptUnfit } from './guest/script-unfit.ts';
import { rule as virtioWinUnnamed } from './guest/virtio-win-unnamed.ts';
import { rule as windowsOldDrivers } from './guest/windows-old-drivers.ts';
import type { Rule } from './rule.ts';

export const GUEST_RULES: readonly Rule[] = [
  guestUnseen,
  guestSystemMissing,
  guestRootAmbiguous,
  guestEncrypted,
  guestBitlocker,
  guestNtfsUnclean,
  guestNotReady,
  guestLeftAlone,
  guestLoaderMissing,
  virtioWinUnnamed,
  windowsOldDrivers,
  scriptUnfit,
  guestToolsForeign,
  compatibilityDevices,
  proofHalted,
  proofEncrypted,
  probeUnanswerable,
];
