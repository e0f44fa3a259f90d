/** Phrases that several renderers share. */
import type { Decision } from '../model/mapping.ts';
import type { PhaseRecord, VmProgress } from '../model/plan.ts';
import type { VmReport } from '../model/report.ts';
import { sinceCutoverText } from '../model/since-cutover.ts';
import type { DiskProof, TransferResult } from '../model/transfer.ts';
import { formatBytes } from '../model/units.ts';
import type { SourceVm } from '../model/vm.ts';

/** `2 vCPU, 4.00 GiB, UEFI, 2 disks (60.0 GiB), 1 NIC`; unknown parts say so. */
export function hardwareLine(vm: SourceVm): string {
  const firmware = { bios: 'BIOS', uefi: 'UEFI' } as const;
  return [
    vm.cpu.count === undefined ? 'vCPU unknown' : `${vm.cpu.count} vCPU`,
    vm.memory.size === undefined ? 'memory unknown' : formatBytes(vm.memory.size),
    vm.firmware.kind === undefined ? 'firmware unknown' : firmware[vm.firmware.kind],
    `${count(vm.disks.length, 'disk')}${vm.disks.length > 0 ? ` (${formatBytes(diskBytes(vm))})` : ''}`,
    count(vm.nics.length, 'NIC'),
  ].join(', ');
}

export function guestLine(vm: SourceVm): string {
  return vm.guest.osName ?? vm.guest.osId ?? 'guest unknown';
}

export function diskBytes(vm: SourceVm): number {
  return vm.disks.reduce((sum, disk) => sum + disk.capacity, 0);
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `1 Critical, 2 Warning`, or `none`. */
export function concernCounts({ concerns }: Pick<VmReport, 'concerns'>): string {
  const parts = (['Critical', 'Warning', 'Information'] as const).flatMap((category) => {
    const number = concerns.filter((concern) => concern.category === category).length;
    return number === 0 ? [] : [`${number} ${category}`];
  });
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** `23 kept, 6 changed, 4 added, 9 dropped`. */
export function outcomeCounts(decisions: readonly Decision[]): string {
  return (['kept', 'changed', 'added', 'dropped'] as const)
    .map((outcome) => `${decisions.filter((decision) => decision.outcome === outcome).length} ${outcome}`)
    .join(', ');
}

/** `4Gi → 4096Mi`, `64Mi` for something added, `sound card → nothing` for something dropped. */
export function valueChange({ was, value, outcome }: Decision): string {
  if (outcome === 'dropped') return was === undefined ? 'nothing' : `${was} → nothing`;
  if (outcome === 'kept' || was === undefined || was === value) return value ?? was ?? '';
  return `${was} → ${value ?? ''}`;
}

/** What had to be brought twice, as words that follow what was moved; empty where nothing had to be. */
export function repairText({ repaired }: Pick<TransferResult, 'repaired'>): string {
  if (repaired === undefined) return '';
  const { target, source } = repaired;
  return [
    ...(target > 0 ? [`${count(target, 'block')} repaired that the target did not keep as written`] : []),
    ...(source > 0 ? [`${count(source, 'block')} corrected that the source gave wrongly at first`] : []),
  ].join(', ');
}

/** What is proven of a disk; both hashes where a conversion wrote to it after it was copied. */
export function proofText({ algorithm, root, copied }: DiskProof): string {
  if (copied === undefined || copied === root) return `${algorithm} ${root}`;
  return `${algorithm} ${copied} as it was copied, ${algorithm} ${root} since its guest was converted`;
}

/** `2 of 2 disks proven: 60.0 GiB read back and compared, 12.0 GiB of it data`; empty where nothing was moved yet. */
export function provenLine({ transfers }: VmProgress): string {
  if (transfers.length === 0) return '';
  const proofs = transfers.flatMap(({ proof }) => proof ?? []);
  const total = (sizes: readonly number[]): string => formatBytes(sizes.reduce((sum, size) => sum + size, 0));
  const read =
    proofs.length === 0
      ? ''
      : `: ${total(proofs.map(({ size }) => size))} read back and compared, ${total(proofs.map(({ allocated }) => allocated))} of it data`;
  return `${proofs.length} of ${count(transfers.length, 'disk')} proven${read}`;
}

export function phaseSeconds({ startedAt, endedAt }: PhaseRecord): number {
  return (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}

/** How a migration stands in one sentence. */
export function progressLine(progress: VmProgress): string {
  const { phase, failure } = progress;
  if (failure === undefined) return `${phase} ${sinceCutoverText(progress.sinceCutover ?? [])}`.trim();
  const source = failure.source === undefined ? '' : ` ${SOURCES[failure.source]}`;
  const target = failure.target === undefined ? '' : ` ${TARGETS[failure.target]}`;
  return `${phase} in ${failure.phase}: ${failure.message} [${failure.code}]${source}${target}`;
}

const TARGETS = {
  stopped: 'The VM at the target is stopped, and kept.',
  'never-there': 'There is no VM at the target.',
  unknown: 'Nobody knows whether the VM at the target runs: look there before the source is started.',
} as const;

const SOURCES = {
  'started-again': 'The source runs again.',
  'left-off': 'The source is powered off.',
} as const;
