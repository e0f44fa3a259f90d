/** One VM on its way into a cluster in bad times, told by a seed: where it comes from, what strikes and when, and whether somebody changes his mind. */
import { type Dice, dice } from '../transfer/dice.ts';

/** Phases that a status shows, in order. */
export const PHASES = ['PowerOffSource', 'CopyDisks', 'Convert', 'CreateVm', 'Prove'] as const;
export type Shown = (typeof PHASES)[number];

export const FAULTS = ['operator-killed', 'operator-replaced', 'operator-cut-off', 'worker-killed', 'server-killed'] as const;

export interface Fault {
  /**
   * `operator-replaced`: killed while another one waits for its Lease; `operator-cut-off`: its connections stay open and carry nothing any more;
   * `server-killed`: the API server, and what it remembers of the past is gone.
   */
  readonly kind: (typeof FAULTS)[number];
  readonly at: Shown;
  /** Milliseconds after the phase was seen. */
  readonly later: number;
}

export interface ClusterStory {
  readonly seed: number;
  readonly from: 'ova' | 'vsphere';
  readonly mode: 'Filesystem' | 'Block';
  /** In the order in which they strike. */
  readonly faults: readonly Fault[];
  /** Absent: the VM is to arrive. The operator may be killed right after. */
  readonly mind?: { readonly wish: 'cancel' | 'delete'; readonly at: Shown; readonly later: number };
}

/** The first ones strike at each boundary of phases in turn; the rest is chance. */
export function storyOf(seed: number): ClusterStory {
  const d = dice(seed);
  const at = PHASES[seed % PHASES.length] ?? 'CopyDisks';
  const more = Array.from({ length: d.below(3) }, () => faultOf(d, d.pick(PHASES)));
  const faults = [{ kind: 'operator-killed', at, later: 0 } as const, ...more].toSorted(byTime);
  const from = d.chance(0.3) ? 'vsphere' : 'ova';
  const about = { seed, from, mode: d.chance(0.4) ? 'Block' : 'Filesystem', faults } as const;
  if (!d.chance(0.3)) return about;
  return { ...about, mind: { wish: d.pick(['cancel', 'delete']), at: d.pick(PHASES), later: d.below(400) } };
}

function faultOf(d: Dice, at: Shown): Fault {
  // A connection that carries nothing any more is noticed after more than a minute: not often.
  const rare = d.chance(0.1) ? 'operator-cut-off' : 'server-killed';
  const kind: Fault['kind'] = d.pick([
    'operator-killed',
    'operator-replaced',
    rare,
    at === 'CopyDisks' ? 'worker-killed' : 'operator-killed',
  ]);
  return { kind, at, later: d.below(at === 'CopyDisks' ? 2500 : 300) };
}

function byTime(one: Fault, other: Fault): number {
  return PHASES.indexOf(one.at) - PHASES.indexOf(other.at) || one.later - other.later;
}
