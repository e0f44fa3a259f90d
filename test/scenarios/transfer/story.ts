/** What a seed chooses: a disk's way, its passes, and what strikes when. Plain data. */
import { MiB } from '../../transfer/fixture.ts';
import { type Dice, dice } from './dice.ts';
import { FAULTS, type FaultName, faultsOf, type Setting, type WayName } from './faults.ts';

/** When something is done: at a request, when the journal has changed so often, or after so many milliseconds. */
export interface Moment {
  readonly by: 'request' | 'journal' | 'milliseconds';
  readonly count: number;
}

/** One fault that strikes once, in the first attempt at its pass that gets so far. */
export interface Order {
  readonly fault: FaultName;
  /** 0 is the cold one. */
  readonly pass: number;
  readonly moment: Moment;
  /** Answers in a row that are spoiled; without end it lasts until the attempt has failed. */
  readonly times: number;
  /** 0 to 1: where in an answer, or on the disk. */
  readonly place: number;
}

export interface Story extends Setting {
  readonly seed: number;
  readonly size: number;
  /** Passes after the first one. */
  readonly deltas: number;
  readonly recheck: boolean;
  /** The source tells what is allocated. */
  readonly tracked: boolean;
  /** Milliseconds between the eight pieces of an answer. */
  readonly slowly: number | undefined;
  readonly orders: readonly Order[];
  /** The last pass reads everything back. */
  readonly proveAll: boolean;
}

const RANGES: readonly [WayName, ...WayName[]] = ['range', 'range', 'range', 'range', 'range', 'range', 'range', 'range'];
const WAYS: readonly [WayName, ...WayName[]] = [
  ...RANGES,
  ...(['lease', 'lease', 'lease', 'vddk', 'streamOptimized', 'streamOptimized', 'monolithicSparse', 'raw', 'qcow2'] as const),
];

/** The seed decides everything but what the clock of the machine does. */
export function storyOf(seed: number): Story {
  const random = dice(seed * 7919);
  const way = random.pick(WAYS);
  const isTracked = way === 'vddk' || (way === 'range' && random.chance(0.85));
  const deltas = isTracked && random.chance(0.5) ? 1 + random.below(2) : 0;
  const setting: Setting = { way, target: random.chance(0.35) ? 'device' : 'file', verify: random.chance(0.7) };
  const served = way === 'range' || way === 'lease';
  return {
    ...setting,
    seed,
    size: (3 + random.below(14)) * MiB + random.pick([0, 0, 512, 200 * 1024 + 512, MiB - 512]),
    deltas,
    recheck: !['lease', 'streamOptimized', 'monolithicSparse'].includes(way) && random.chance(0.3),
    tracked: isTracked,
    slowly: served && random.chance(0.5) ? 2 + random.below(12) : undefined,
    orders: Array.from({ length: 1 + random.below(3) }, () => orderFor(setting, deltas, random)),
    proveAll: random.chance(0.3),
  };
}

function orderFor(setting: Setting, deltas: number, random: Dice): Order {
  const possible = faultsOf(setting);
  const fault = possible[random.below(possible.length)] ?? 'kill';
  const pass = random.below(deltas + 1);
  const requests = requestsIn(setting, pass);
  const isAnswer = FAULTS[fault].kind === 'answers';
  return {
    fault,
    pass,
    moment: isAnswer ? { by: 'request', count: 1 + random.below(requests) } : momentFor(requests, random),
    times: isAnswer && fault !== 'wrong byte served' ? random.pick([1, 1, 2, 5, Number.POSITIVE_INFINITY]) : 1,
    place: random.below(10_000) / 10_000,
  };
}

/** About as many as there are: what is to strike later does not strike. */
function requestsIn({ way }: Setting, pass: number): number {
  if (way !== 'range') return 1;
  return pass === 0 ? 16 : 7;
}

function momentFor(requests: number, random: Dice): Moment {
  const by = random.pick<Moment['by']>(['request', 'journal', 'milliseconds']);
  if (by === 'milliseconds' || (by === 'request' && requests === 1)) return { by: 'milliseconds', count: random.below(400) };
  return { by, count: 1 + random.below(by === 'request' ? requests : 12) };
}
