/** Plans of a cluster and their VMs, as people see them and act upon them. Whoever reads them from the cluster leaves out everything else. */
import type { Outlook } from './precopy.ts';
import type { SinceCutover } from './since-cutover.ts';
import type { Bytes } from './units.ts';

export interface PlanRef {
  readonly namespace: string;
  readonly name: string;
}

export interface VmCounts {
  readonly total: number;
  readonly waiting: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  readonly canceled: number;
}

export interface PlanState extends PlanRef {
  readonly uid: string;
  readonly provider: string;
  readonly type: 'cold' | 'warm';
  /** One word for what the plan is doing, such as Running or Blocked; absent before an operator has looked at it. */
  readonly state?: string;
  /** The same as a sentence. */
  readonly message?: string;
  /** The state is about the plan as it is written now. */
  readonly current: boolean;
  /** Critical concerns about the plan as a whole are open: none of its VMs begins. */
  readonly blocked: boolean;
  readonly paused: boolean;
  readonly canceled: boolean;
  readonly dryRun: boolean;
  /** VMs can be rolled back until they are committed. */
  readonly manualCommit: boolean;
  /** Names and ids that mean no VM. */
  readonly missing: readonly string[];
  /** RFC 3339. */
  readonly start?: string;
  /** When all of its VMs are to be cut over, because somebody said so. */
  readonly cutover?: string;
  readonly createdAt?: string;
  readonly counts: VmCounts;
  readonly moved: Bytes;
  readonly total: Bytes;
  /** Percent of all bytes. */
  readonly progress: number;
}

export interface VmTrouble {
  readonly phase: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** What became of a source that was switched off. */
  readonly source?: string;
}

export interface VmState {
  readonly namespace: string;
  /** Of the VmMigration. */
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly plan: string;
  /** At the source. */
  readonly vm: { readonly id: string; readonly name: string };
  readonly targetName?: string;
  /** Absent before it begins. */
  readonly phase?: string;
  /** When the phase began, RFC 3339. */
  readonly since?: string;
  /** What is being done with its disks. */
  readonly stage?: 'copy' | 'prove';
  /** Bytes of this pass over all disks; `total` is their whole size while nothing better is known. */
  readonly done: Bytes;
  readonly total: Bytes;
  /** What is done to its guest, or seen of it, at the moment. */
  readonly doing?: string;
  readonly waitingFor?: string;
  /** What a VM that is under way waits for. */
  readonly outlook?: Outlook;
  /** For people: what is predicted, later how long it was. */
  readonly downtime?: string;
  /** What was seen of its guest when it started at the target. `screenshot`: the ConfigMap with the picture of its screen. */
  readonly proof?: { readonly booted: boolean; readonly text: string; readonly screenshot?: string };
  /** Of the VMs that are cut over with it, or not at all. */
  readonly group?: string;
  /** Critical concerns that nobody accepted, by id. */
  readonly open: readonly string[];
  readonly failure?: VmTrouble;
  readonly cutover?: string;
  /** Somebody wants a VM from what is copied until now. */
  readonly tested?: boolean;
  /** What its VM in the cluster wrote, of one that was taken back. */
  readonly sinceCutover?: readonly SinceCutover[];
  /** How its test stands, and the name of the VM. `doing`: what is done to its guest at the moment. */
  readonly test?: {
    readonly state: string;
    readonly vm: string;
    readonly because?: string;
    readonly doing?: string;
    readonly proof?: VmState['proof'];
  };
  readonly paused: boolean;
  readonly canceled: boolean;
  readonly committed: boolean;
  readonly rolledBack: boolean;
  /** How often it was asked to try again, and how often it did. */
  readonly retry: number;
  readonly retried: number;
}

/** Where a VM stands, for counting and sorting. */
export type Standing = 'waiting' | 'blocked' | 'running' | 'completed' | 'failed' | 'canceled' | 'rolled-back';

export function standingOf({ phase, open, retry, retried }: VmState): Standing {
  switch (phase) {
    case undefined:
      return open.length > 0 ? 'blocked' : 'waiting';
    case 'Completed':
    case 'Committed':
      return 'completed';
    case 'RolledBack':
      return 'rolled-back';
    case 'Failed':
      return retry > retried ? 'waiting' : 'failed';
    case 'Canceled':
      return retry > retried ? 'waiting' : 'canceled';
    default:
      return 'running';
  }
}

/** Nothing happens to a VM that stands so, unless somebody asks for it. */
export function isOver(standing: Standing): boolean {
  return standing !== 'waiting' && standing !== 'running';
}
