/**
 * How long the work on guests takes: conversion, the look into them, their boot. What emulates the processor decides most of it. Where nobody says, it is
 * hardware virtualisation, without which KubeVirt runs nothing unless it is told to: with the worst of emulation no window of an hour would ever be
 * long enough for a cutover.
 */
import type { ProofTerms } from '../model/boot-proof.ts';
import type { Accelerator, ConversionPolicy, ConversionTerms } from '../model/conversion.ts';
import type { Assumption, Known } from '../model/estimate.ts';
import { known, type Outlook, type Range, rangeOf } from './figure.ts';

export interface GuestFigureOptions {
  /** What is asked for guests at all: nothing else is assumed. Absent: everything. */
  readonly policies?: readonly ConversionPolicy[];
  /** What runs the machines that convert guests and prove that they boot. Absent: `kvm`, which KubeVirt's nodes have. */
  readonly accelerator?: Accelerator;
  /** VMs are started when they are at the target; true when absent. False: a proof alone boots them. */
  readonly boots?: boolean;
  readonly conversionSeconds?: Known;
  readonly bootSeconds?: Known;
}

/** Durations that depend on the family of the guest. */
export interface ByGuest {
  readonly windows: Range;
  readonly other: Range;
}

export interface GuestBasis {
  readonly conversion: ByGuest;
  /** Of a guest that is only looked into. */
  readonly inspection: Range;
  readonly boot: ByGuest;
  readonly boots: boolean;
  readonly assumptions: readonly Assumption[];
}

export function guestBasis(options: GuestFigureOptions): GuestBasis {
  const { policies, accelerator = 'kvm', boots = true, conversionSeconds, bootSeconds } = options;
  const conversion = byGuest(CONVERSION[accelerator], CONVERSION_WINDOWS[accelerator], conversionSeconds);
  const boot = byGuest(BOOT[accelerator], BOOT_WINDOWS[accelerator], bootSeconds);
  const inspection = INSPECTION[accelerator];
  const asked = (policy: ConversionPolicy): boolean => policies?.includes(policy) ?? true;
  return {
    conversion: guestRanges(conversion),
    inspection: rangeOf(inspection),
    boot: guestRanges(boot),
    boots,
    assumptions: [...(asked('convert') ? conversion : []), ...(asked('skip') ? [inspection] : []), ...boot],
  };
}

export interface GuestWork {
  readonly family: keyof ByGuest;
  readonly conversion?: ConversionTerms;
  readonly proof?: ProofTerms;
  /** Seconds in which the disks that a conversion writes to are read and hashed again. */
  readonly rehash: number;
}

/** Seconds between the last byte of a copy and the booted guest. */
export function guestSeconds({ family, conversion, proof, rehash }: GuestWork, basis: GuestBasis, outlook: Outlook): number {
  const boot = basis.boots || proof !== undefined ? basis.boot[family][outlook] : 0;
  switch (conversion?.policy ?? 'none') {
    case 'convert':
      return basis.conversion[family][outlook] + rehash + boot;
    case 'skip':
      return basis.inspection[outlook] + boot;
    case 'compatibility':
    case 'none':
      return boot;
  }
}

type ByGuestAssumptions = readonly [Assumption, Assumption] | readonly [Assumption];

/** A duration that the caller knows holds for every guest. */
function byGuest(other: Assumption, windows: Assumption, figure: Known | undefined): ByGuestAssumptions {
  return figure === undefined ? [other, windows] : [known(other, figure)];
}

function guestRanges(assumptions: ByGuestAssumptions): ByGuest {
  const [other, windows = other] = assumptions;
  return { other: rangeOf(other), windows: rangeOf(windows) };
}

type ByAccelerator = Readonly<Record<Accelerator, Assumption>>;

const SHARED = { unit: 'seconds', source: 'measured' } as const;
const GUESSED = { unit: 'seconds', source: 'assumed' } as const;

const CONVERSION: ByAccelerator = {
  kvm: {
    ...{ id: 'conversion-seconds', ...SHARED, value: 40, range: { best: 40, worst: 120 } },
    why: 'With hardware virtualisation. virt-v2v 1.4x, RHEL 8.4 in a local file (libguestfs list, June 2021). Worst: many kernels or slow storage (assumed).',
  },
  tcg: {
    ...{ id: 'conversion-seconds', ...SHARED, value: 236, range: { best: 140, worst: 600 } },
    why: 'Without hardware virtualisation. virt-v2v-in-place 2.2, Debian 12 of 2.5 GiB, on a loaded machine. Best: its processor time alone. Worst: many kernels (assumed).',
  },
};

const CONVERSION_WINDOWS: ByAccelerator = {
  kvm: {
    ...{ id: 'conversion-seconds-windows', ...GUESSED, value: 300, range: { best: 120, worst: 900 } },
    why: 'With hardware virtualisation. No published figure; injecting drivers into the registry of Windows takes longer than rebuilding the initramfs of Linux.',
  },
  tcg: {
    ...{ id: 'conversion-seconds-windows', ...GUESSED, value: 1800, range: { best: 700, worst: 5400 } },
    why: 'Without hardware virtualisation: six times as long as with it, as measured for Linux.',
  },
};

const INSPECTION: ByAccelerator = {
  kvm: {
    ...{ id: 'inspection-seconds', ...GUESSED, value: 10, range: { best: 5, worst: 20 } },
    why: 'With hardware virtualisation: the start of the appliance and its questions.',
  },
  tcg: {
    ...{ id: 'inspection-seconds', ...SHARED, value: 35, range: { best: 20, worst: 120 } },
    why: 'Without hardware virtualisation: 18 s to open and 17 s to inspect, virt-v2v-in-place 2.2 with Debian 12 on a loaded machine. Worst: many kernels and packages (assumed).',
  },
};

const BOOT: ByAccelerator = {
  kvm: {
    ...{ id: 'boot-seconds', ...GUESSED, value: 20, range: { best: 8, worst: 300 } },
    why: 'With hardware virtualisation. Worst: a check of the file systems or a SELinux relabelling.',
  },
  tcg: {
    ...{ id: 'boot-seconds', ...SHARED, value: 40, range: { best: 37, worst: 900 } },
    why: 'Converted Debian 12 to its login prompt, 37 to 43 s without hardware virtualisation. Worst: many services, a check of the file systems or a SELinux relabelling (assumed).',
  },
};

const BOOT_WINDOWS: ByAccelerator = {
  kvm: {
    ...{ id: 'boot-seconds-windows', ...GUESSED, value: 180, range: { best: 60, worst: 600 } },
    why: 'With hardware virtualisation. The first boot installs the drivers and restarts the guest.',
  },
  tcg: {
    ...{ id: 'boot-seconds-windows', ...GUESSED, value: 1200, range: { best: 600, worst: 3600 } },
    why: 'Without hardware virtualisation, ten to thirty times as much work. The first boot installs the drivers and restarts the guest.',
  },
};
