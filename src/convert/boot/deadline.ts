/** How long a guest may take to come up where nobody says it. Pure. */
import type { AcceleratorChoice, BootFamily } from '../../model/boot-proof.ts';

/**
 * Seconds, from switching on. Debian 12 was at its prompt 37 to 60 s after it was switched on with an emulated processor (qemu 7.2, two cores),
 * and takes some 8 s where KVM can be used. What makes others slow is the same everywhere: checks of file systems, a SELinux relabelling with the
 * restart after it, scripts of the first boot; Windows installs its new drivers, and restarts once they are in place.
 * A deadline ends a proof that shows nothing at all: what has failed says so earlier, so the figures are generous.
 */
const SECONDS: Readonly<Record<BootFamily, Readonly<Record<AcceleratorChoice['name'], number>>>> = {
  linux: { kvm: 300, tcg: 900 },
  windows: { kvm: 900, tcg: 3600 },
  // It may be one as well as the other.
  other: { kvm: 600, tcg: 1800 },
};

export function deadlineOf(family: BootFamily, accelerator: AcceleratorChoice['name']): number {
  return SECONDS[family][accelerator];
}
