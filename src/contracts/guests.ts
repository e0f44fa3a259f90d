/** What is done to guests at the target between the last byte and the end: conversion of their disks, and the look whether they boot. */
import type { BootProof } from '../model/boot-proof.ts';
import type { ConversionRequest, GuestOutcome } from '../model/conversion.ts';
import type { VmPlan, VmProgress } from '../model/plan.ts';

export interface GuestWork {
  readonly signal: AbortSignal;
  /** What is done at the moment, for people: "Conversion: Picking a kernel". Called as often as it changes. Must not throw. */
  readonly onProgress: (text: string) => void;
  /** Why it cannot go on for now, in words that follow "waiting for"; undefined when it can again. Must not throw. */
  readonly onWait: (because: string | undefined) => void;
}

/** Makes guests on finished copies fit, where the copies are: on this machine, or on claims of a cluster. */
export interface GuestConversions {
  /**
   * Whether the tools are there that the plans need, before anything is copied.
   * @throws MigrationError `tool-missing`, `virtio-win-missing`, `config-invalid`
   */
  check(plans: readonly VmPlan[], signal: AbortSignal): Promise<void>;
  /**
   * Converts the disks of a VM, or looks whether they need none (`skip`). Repeatable at any point.
   * @param request paths of its disks are those of `Destination.diskTarget`
   * @throws MigrationError as GuestConverter; `guest-drivers-missing` for a guest that was said to have them
   */
  convert(plan: VmPlan, request: ConversionRequest, work: GuestWork): Promise<GuestOutcome>;
  /** The outcome is stored: what only served to come to it may go. */
  release(plan: VmPlan, signal: AbortSignal): Promise<void>;
}

/** Looks whether a migrated VM boots: the VM itself in a cluster, a copy-on-write twin of it on this machine. */
export interface BootProver {
  /** @throws MigrationError `tool-missing` */
  check(plans: readonly VmPlan[], signal: AbortSignal): Promise<void>;
  /**
   * A guest that does not boot is an answer, not an error. Undefined: there is nothing to look at, because the VM is to stay off.
   * @throws MigrationError where nobody could look
   */
  prove(plan: VmPlan, progress: VmProgress, work: GuestWork): Promise<BootProof | undefined>;
}
