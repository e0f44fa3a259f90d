/**
 * What a migration will cost and in which order a fleet can move: predictions with the assumptions they rest on.
 * Seconds are wall clock, rates are bytes a second. Offsets are seconds from a start that the reader chooses: nothing here knows a date.
 */
import type { Concern } from './concern.ts';
import type { Bytes } from './units.ts';

/** One predicted quantity: at best, most likely, at worst. `low` ≤ `likely` ≤ `high`. */
export interface Spread {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

/** `measured`: somebody measured it, `why` says who and under which conditions. `given`: the user or the source states it. */
export type FigureSource = 'measured' | 'given' | 'assumed';

export type FigureUnit = 'bytes' | 'bytes/s' | 'seconds' | 'transfers' | 'copies' | 'share of the data a day';

/** A number that a prediction rests on. */
export interface Assumption {
  /** Stable, kebab-case: `transfer-rate`. */
  readonly id: string;
  /** The likely value. */
  readonly value: number;
  readonly unit: FigureUnit;
  readonly source: FigureSource;
  /** Where the value is from, or why it was chosen. */
  readonly why: string;
  /** Values behind `low` and `high` of a Spread, where they differ from the likely one. */
  readonly range?: { readonly best: number; readonly worst: number };
}

/** A number that the caller knows. A bare number means `given`. */
export type Known = number | { readonly value: number; readonly source: 'measured' | 'given'; readonly why: string };

/** What a migration may take of the world. Absent members are unlimited, whole numbers from 1, rates above 0. */
export interface TransferLimits {
  /** Transfers (one disk of one VM) at once from one source host. */
  readonly perHost?: number;
  /** Transfers at once from one datastore, volume or folder. */
  readonly perDatastore?: number;
  /** Transfers at once to one storage class, or to one file system where disks go to a folder. */
  readonly perTarget?: number;
  /** Transfers at once in the plan. */
  readonly perPlan?: number;
}

/** The way between source and target. Absent members are assumed, and the assumption is printed. */
export interface Link {
  /** Bytes a second that one transfer reaches alone. */
  readonly perTransfer?: Known;
  /** Bytes a second that all transfers share. */
  readonly total?: Known;
}

export interface DiskEstimate {
  /** Key of the SourceVm disk. */
  readonly disk: string;
  /** Id of the datastore, volume or folder that it is read from. */
  readonly storage?: string;
  /** Storage class that it goes to; only where transfers to one are limited. */
  readonly target?: string;
  /** Bytes of the first copy. */
  readonly bytes: Bytes;
  /** `capacity`: the source does not say how much is allocated, so all of it is counted. */
  readonly basis: 'allocated' | 'capacity';
}

export interface PrecopyEstimate {
  /** 1 is the full copy. */
  readonly number: number;
  readonly bytes: Bytes;
  readonly seconds: number;
}

export interface WarmEstimate {
  /** False when the guest changes data at least as fast as it is copied: no precopy gets smaller than its predecessor. */
  readonly converges: boolean;
  /** The final delta can be copied within the downtime goal. */
  readonly meetsGoal: boolean;
  /** Bytes a second that the guest changes, likely value. */
  readonly changeRate: number;
  /** Bytes a second that are copied and proven, all disks of the VM together, likely value. */
  readonly copyRate: number;
  /** The likely precopies in their order, the full copy first. */
  readonly precopies: readonly PrecopyEstimate[];
  /** Likely bytes of the delta that is copied while the VM is off. */
  readonly finalDeltaBytes: Bytes;
  /** What would help, with numbers; empty when the goal is met. */
  readonly advice: readonly string[];
}

export interface Estimate {
  readonly type: 'cold' | 'warm';
  /** Bytes of the first, full copy. */
  readonly bytes: Bytes;
  readonly disks: readonly DiskEstimate[];
  /** Duration of the full copy with its proof, the VM having the link for itself. */
  readonly copySeconds: Spread;
  /** Shutdown, conversion and boot. */
  readonly fixedSeconds: Spread;
  /** From power-off of the source to the booted target. */
  readonly downtimeSeconds: Spread;
  /** From the first step to the booted target. */
  readonly totalSeconds: Spread;
  /** Present for a warm migration. */
  readonly warm?: WarmEstimate;
  /** About this VM alone. Those that hold for the whole run are in Report.assumptions. */
  readonly assumptions: readonly Assumption[];
}

export interface ReadinessReason {
  readonly category: 'concerns' | 'guest' | 'size' | 'change-rate' | 'entanglement';
  /** Points that are taken away, above 0. */
  readonly points: number;
  readonly because: string;
}

/** How easy a VM is to move. */
export interface Readiness {
  /** 100 is easiest; 100 less the points of all reasons, and not below 0. */
  readonly score: number;
  /** Heaviest first. */
  readonly reasons: readonly ReadinessReason[];
}

export type RelationKind = 'shared-disk' | 'affinity' | 'anti-affinity' | 'application' | 'network';

/** Something that VMs have in common. */
export interface Relation {
  readonly kind: RelationKind;
  /** What it is, for people: the disk, the rule's name, the tag, the network. */
  readonly key: string;
  /** `VmRef.id` of each VM. */
  readonly members: readonly string[];
}

/** VMs that move together, because relations join them directly or through others. */
export interface EntanglementGroup {
  /** The smallest member id: stable as long as that VM is in the group. */
  readonly key: string;
  /** Ids in ascending order. */
  readonly members: readonly string[];
  /** Why, in the order of kind and key. */
  readonly relations: readonly Pick<Relation, 'kind' | 'key'>[];
  /** Ids that a relation names and the plan leaves out. */
  readonly outside: readonly string[];
}

/** When waves may run. */
export interface WaveWindow {
  /** Length of one window in hours, above 0. */
  readonly hours: number;
  /** Hours from the start of one window to the start of the next; 24, or `hours` where that is more. */
  readonly everyHours?: number;
}

/** One VM on the time line of its wave. */
export interface WaveVm {
  readonly vm: string;
  readonly name: string;
  readonly score: number;
  readonly bytes: Bytes;
  /** Seconds from the start of the wave. */
  readonly startSeconds: number;
  /** All disks copied and proven; shutdown, conversion and boot follow, or lie around it. */
  readonly copiedSeconds: number;
  readonly endSeconds: number;
  /** Key of its EntanglementGroup. */
  readonly group?: string;
}

/** The limit that decides how long a wave takes. */
export interface Bottleneck {
  readonly limit: 'link' | 'plan' | 'host' | 'datastore' | 'target';
  /** Which host, datastore or storage class. */
  readonly name?: string;
  /** Share of the wave's duration in which the limit is exhausted, 0–1. */
  readonly busy: number;
}

export interface Wave {
  /** From 1. */
  readonly number: number;
  /** `pilot`: few easy VMs first. `oversized`: one VM or group that no window can hold. */
  readonly kind: 'pilot' | 'regular' | 'oversized';
  /** Seconds from the start of the first wave. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly bytes: Bytes;
  /** Bytes a second from the wave's start until its last byte is copied. */
  readonly bytesPerSecond: number;
  readonly bottleneck?: Bottleneck;
  /** In the order in which they start. */
  readonly vms: readonly WaveVm[];
  readonly notes: readonly string[];
}

export interface WavePlan {
  readonly window: Required<WaveWindow>;
  readonly waves: readonly Wave[];
  readonly groups: readonly EntanglementGroup[];
  /** Subjects are `waves[0]` and `groups[0]`. */
  readonly concerns: readonly Concern[];
  readonly assumptions: readonly Assumption[];
}
