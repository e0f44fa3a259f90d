/** What KubeVirt says when a machine does not run as it is to, and for how long that may be passing. Pure. */
import type { BootFailure, BootTrouble } from '../../model/boot-proof.ts';
import type { Condition, InstanceSight, MachineSight } from './machine-sight.ts';

export interface Complaint extends BootTrouble {
  /** Milliseconds that it may stand before it counts; absent: as long as there is time, for it may mend itself. */
  readonly patience?: number;
}

/** What there is at one moment. */
export interface Sight {
  /** Absent where there is none. */
  readonly instance?: InstanceSight;
  /** Absent where nobody asked, because the instance says enough. */
  readonly machine?: MachineSight | 'gone';
  /** Instances that were seen to end since it was looked at first. */
  readonly ended: number;
}

/** KubeVirt retries what it could not do, and says so meanwhile: most of that is over in seconds. */
const PASSING_MS = 120_000;
/** Instances that may fail: KubeVirt starts the third after half a minute or so. */
const MOST_STARTS = 3;
const LONGEST = 400;

/** Undefined while nothing is wrong. */
export function complaintOf({ instance, machine, ended }: Sight): Complaint | undefined {
  if (machine === 'gone') return say('not-running', 'Somebody deleted the VirtualMachine.', 0);
  const starts = Math.max(ended, machine?.failedStarts ?? 0);
  if (starts >= MOST_STARTS) return say('reset-loop', `It ended ${starts} times after it was started.${toldBy(instance)}`, 0);
  if (machine?.runStrategy === 'Halted') return say('powered-off', 'Somebody stopped the VirtualMachine.', 0);
  if (machine?.refused !== undefined) return say('not-running', `KubeVirt cannot start it: ${text(machine.refused)}`, PASSING_MS);
  if (instance === undefined) return undefined;
  const { phase, unschedulable, paused, unsynced, node } = instance;
  if (phase === 'Succeeded' && machine?.runStrategy !== 'Always') return say('powered-off', 'The guest switched itself off.', 0);
  if (phase === 'Failed' && machine?.runStrategy === 'Once') return say('not-running', `It failed.${toldBy(instance)}`, 0);
  if (phase === 'Unknown') return say('not-running', `Its node ${node ?? ''} does not answer.`, PASSING_MS);
  if (unschedulable !== undefined) return say('not-scheduled', `No node takes it: ${unschedulable}`);
  if (paused !== undefined) return say('not-running', `It stands still: ${text(paused)}`, PASSING_MS);
  // Of one that has ended it tells why; it is started again.
  if (unsynced !== undefined && phase !== 'Succeeded')
    return say('not-running', `KubeVirt cannot run it: ${text(unsynced)}`, PASSING_MS);
  return undefined;
}

function say(code: BootFailure, sentence: string, patience?: number): Complaint {
  return { code, text: sentence.slice(0, LONGEST), ...(patience !== undefined && { patience }) };
}

function text({ reason, message }: Condition): string {
  return message === '' ? `${reason}.` : `${reason}: ${message}`;
}

function toldBy(instance: InstanceSight | undefined): string {
  return instance?.unsynced === undefined ? '' : ` ${text(instance.unsynced)}`;
}
