/**
 * How easy a VM is to move: 100 points less what stands in the way. All weights are in this file. Nothing adds points, so
 * one more concern, byte or relation never makes a score better.
 */
import type { Category, Concern } from '../model/concern.ts';
import type { Estimate, Readiness, ReadinessReason, Relation } from '../model/estimate.ts';
import { findGuestOs } from '../model/guest-os.ts';
import { formatBytes, GiB, TiB } from '../model/units.ts';
import type { SourceVm } from '../model/vm.ts';

/** Points a concern, and the most that all of one category take: remarks alone never make a VM look hard. */
const CONCERN_POINTS: Readonly<Record<Category, { readonly each: number; readonly most: number }>> = {
  Critical: { each: 50, most: 100 },
  Warning: { each: 4, most: 30 },
  Information: { each: 0.5, most: 5 },
};

/** Points for more bytes to move than this; the first row that fits counts. */
const SIZE_POINTS: readonly { readonly above: number; readonly points: number }[] = [
  { above: 20 * TiB, points: 15 },
  { above: 5 * TiB, points: 12 },
  { above: TiB, points: 8 },
  { above: 200 * GiB, points: 3 },
];

/** Points for a change rate above this share of the copy rate; the first row that fits counts. */
const CHANGE_POINTS: readonly { readonly above: number; readonly points: number }[] = [
  { above: 0.9, points: 20 },
  { above: 0.5, points: 15 },
  { above: 0.25, points: 10 },
  { above: 0.05, points: 5 },
];

/** `none` has no virtio driver and runs on emulated devices; the others take one more or less step of the conversion. */
const DRIVER_POINTS = { builtin: 0, transitional: 8, installable: 5, none: 20 } as const;
const UNKNOWN_GUEST_POINTS = 15;
const GENERIC_GUEST_POINTS = 8;
const UNSUPPORTED_GUEST_POINTS = 3;

/** Points a relation, and the most that entanglement takes. */
const RELATION_POINTS = { each: 5, most: 15 } as const;

export interface ReadinessFacts {
  readonly concerns: readonly Concern[];
  readonly estimate: Estimate;
  /** Relations that this VM is a member of and that make it move with others. */
  readonly relations?: readonly Pick<Relation, 'kind' | 'key'>[];
}

/** The score of one VM with the reason of every point that is missing. */
export function readiness(vm: SourceVm, { concerns, estimate, relations = [] }: ReadinessFacts): Readiness {
  const reasons = [
    ...concernReasons(concerns),
    ...guestReasons(vm),
    ...sizeReasons(estimate),
    ...changeReasons(estimate),
    ...relationReasons(relations),
  ].toSorted((a, b) => b.points - a.points);
  const taken = reasons.reduce((sum, { points }) => sum + points, 0);
  return { score: Math.max(0, 100 - taken), reasons };
}

function concernReasons(concerns: readonly Concern[]): readonly ReadinessReason[] {
  return (['Critical', 'Warning', 'Information'] as const).flatMap((category) => {
    const number = concerns.filter((concern) => concern.category === category).length;
    if (number === 0) return [];
    const { each, most } = CONCERN_POINTS[category];
    const because = `${number} ${number === 1 ? 'concern' : 'concerns'} of category ${category}`;
    return [{ category: 'concerns' as const, points: Math.min(most, number * each), because }];
  });
}

function guestReasons(vm: SourceVm): readonly ReadinessReason[] {
  const os = findGuestOs(vm.guest);
  if (os === undefined) return [reason('guest', UNKNOWN_GUEST_POINTS, 'the guest operating system is unknown')];
  const support =
    os.supportEnded === undefined
      ? []
      : [reason('guest', UNSUPPORTED_GUEST_POINTS, `${os.name} has had no regular support since ${os.supportEnded}`)];
  return [...driverReasons(os), ...support];
}

function driverReasons(os: NonNullable<ReturnType<typeof findGuestOs>>): readonly ReadinessReason[] {
  if (os.generic === true) {
    return [reason('guest', GENERIC_GUEST_POINTS, `only the family of the guest operating system is known: ${os.name}`)];
  }
  const points = DRIVER_POINTS[os.virtio];
  if (points === 0) return [];
  const because = os.virtio === 'none' ? `no virtio drivers exist for ${os.name}` : `virtio drivers for ${os.name}: ${os.virtio}`;
  return [reason('guest', points, because)];
}

function sizeReasons({ bytes }: Estimate): readonly ReadinessReason[] {
  const row = SIZE_POINTS.find(({ above }) => bytes > above);
  return row === undefined ? [] : [reason('size', row.points, `${formatBytes(bytes)} to move`)];
}

function changeReasons({ warm }: Estimate): readonly ReadinessReason[] {
  if (warm === undefined) return [];
  const share = warm.changeRate / warm.copyRate;
  const row = CHANGE_POINTS.find(({ above }) => share > above);
  if (row === undefined) return [];
  return [reason('change-rate', row.points, `the guest changes ${Math.round(share * 100)} % of what is copied in the same time`)];
}

function relationReasons(relations: readonly Pick<Relation, 'kind' | 'key'>[]): readonly ReadinessReason[] {
  if (relations.length === 0) return [];
  const named = relations.slice(0, 3).map(({ kind, key }) => `${kind} ${key}`);
  const more = relations.length > named.length ? ` and ${relations.length - named.length} more` : '';
  const points = Math.min(RELATION_POINTS.most, relations.length * RELATION_POINTS.each);
  return [reason('entanglement', points, `moves with others: ${named.join(', ')}${more}`)];
}

function reason(category: ReadinessReason['category'], points: number, because: string): ReadinessReason {
  return { category, points, because };
}
