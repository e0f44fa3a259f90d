/** What a plan says about times, groups and the way back, as the state machine understands it. Pure. */
import { hash } from 'node:crypto';
import type { Companion, VmWishes } from '../contracts/wishes.ts';
import { parseDuration } from '../model/duration.ts';
import { MigrationError } from '../model/errors.ts';
import { HELD_BY_TEST } from '../model/precopy.ts';
import type { CommitPolicy, CutoverPolicy, RecurringWindow, Schedule, Span } from '../model/schedule.ts';
import { nextCutover } from '../plan/schedule/next-cutover.ts';
import { type Gate, verdictAt } from '../plan/warm/group.ts';
import type { PlanResource, VmResource } from './services.ts';

type PlanSpec = PlanResource['spec'];
type ScheduleSpec = NonNullable<PlanSpec['schedule']>;
type WindowSpec = NonNullable<NonNullable<ScheduleSpec['cutover']>['windows']>[number];
type BlackoutSpec = NonNullable<ScheduleSpec['blackouts']>[number];

/** Where nothing is said somebody has to say when; also where what is said cannot be understood any more. */
const BY_HAND: Schedule = { cutover: { kind: 'manual' }, blackouts: [] };

/** @throws MigrationError `config-invalid` for lengths of time and windows that cannot be */
export function scheduleOf({ schedule = {} }: Pick<PlanSpec, 'schedule'>): Schedule {
  const { start, precopyEvery, downtimeBudget, blackouts = [] } = schedule;
  const every = precopyEvery === undefined ? undefined : seconds(precopyEvery, 'precopyEvery');
  if (every !== undefined && every < 60) throw new MigrationError('config-invalid', 'precopyEvery is 1m at least.');
  return {
    cutover: cutoverOf(schedule),
    blackouts: blackouts.map(blackoutOf),
    ...(start !== undefined && { start: Date.parse(start) }),
    ...(every !== undefined && { precopyEvery: every }),
    ...(downtimeBudget !== undefined && { downtimeBudget: seconds(downtimeBudget, 'downtimeBudget') }),
  };
}

/**
 * What an API server cannot tell: cron expressions, time zones, VMs that are in two groups.
 * @throws MigrationError `config-invalid`
 */
export function checkTimes(spec: PlanSpec): void {
  const schedule = scheduleOf(spec);
  const { cutover } = schedule;
  const asked: Schedule = { ...schedule, cutover: cutover.kind === 'manual' ? { kind: 'when-ready' } : cutover };
  nextCutover(asked, { now: 0, needs: 0, downtime: 0 });
  commitOf(spec);
  groupsOf(spec);
}

/** Undefined: a VM that was seen to run is final. @throws MigrationError `config-invalid` */
export function commitOf({ commit }: Pick<PlanSpec, 'commit'>): CommitPolicy | undefined {
  if (commit?.mode !== 'manual') return undefined;
  const { within, otherwise } = commit;
  return {
    ...(within !== undefined && { within: seconds(within, 'commit.within') }),
    otherwise: otherwise === 'Commit' ? 'commit' : 'roll-back',
  };
}

/** The group of each VM, by what the plan calls it. @throws MigrationError `config-invalid` */
export function groupsOf({ groups = [] }: Pick<PlanSpec, 'groups'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name, vms } of groups) {
    for (const vm of vms) {
      const other = found.get(vm);
      if (other !== undefined) throw new MigrationError('config-invalid', `${vm} is in the groups ${other} and ${name}.`);
      found.set(vm, name);
    }
  }
  return found;
}

/** What people want of a VM now. A plan that is gone, or was changed into what cannot be, leaves its VMs where they are. */
export function wishesOf(
  { spec, status }: Pick<VmResource, 'spec' | 'status'>,
  plan: Pick<PlanResource, 'spec'> | undefined,
  companions: readonly Companion[],
): VmWishes {
  const said = spec.cutover ?? plan?.spec.cutover;
  const commit = plan && understood(() => commitOf(plan.spec), { otherwise: 'commit' } as const);
  return {
    schedule: plan === undefined ? BY_HAND : understood(() => scheduleOf(plan.spec), BY_HAND),
    ...(status?.test?.holds === true && { held: HELD_BY_TEST }),
    ...(said !== undefined && { cutoverAt: Date.parse(said) }),
    ...(commit !== undefined && { commit }),
    ...(spec.committed && { decision: 'commit' as const }),
    ...(spec.rolledBack && { decision: 'roll-back' as const }),
    ...(companions.length > 0 && { companions }),
  };
}

/** Tells whether a VM that waits is to be looked at anew: the wishes as far as they matter in its phase. */
export function digestOf({ companions = [], ...wishes }: VmWishes, phase: string): string {
  const gate = isGate(phase) ? verdictAt(phase, companions) : undefined;
  return hash('sha256', JSON.stringify([wishes, gate]), 'hex').slice(0, 16);
}

function isGate(phase: string): phase is Gate {
  return phase === 'AwaitCutover' || phase === 'AwaitGroup';
}

function understood<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MigrationError) return otherwise;
    throw error;
  }
}

function cutoverOf({ cutover }: ScheduleSpec): CutoverPolicy {
  const { mode = 'manual', at, until, windows = [] } = cutover ?? {};
  switch (mode) {
    case 'manual':
      return { kind: 'manual' };
    case 'whenReady':
      return { kind: 'when-ready' };
    case 'windows':
      return { kind: 'windows', windows: windows.map(windowOf) };
    case 'at':
      if (at === undefined) throw new MigrationError('config-invalid', 'schedule.cutover of mode at needs at.');
      return { kind: 'at', at: Date.parse(at), ...(until !== undefined && { until: Date.parse(until) }) };
  }
}

function windowOf({ cron, duration, timeZone = 'Etc/UTC' }: WindowSpec): RecurringWindow {
  return { cron, minutes: Math.floor(seconds(duration, 'duration') / 60), timeZone };
}

function blackoutOf({ cron, duration = '', timeZone, from = '', until = '' }: BlackoutSpec): RecurringWindow | Span {
  if (cron === undefined) return { begin: Date.parse(from), end: Date.parse(until) };
  return windowOf({ cron, duration, ...(timeZone !== undefined && { timeZone }) });
}

function seconds(text: string, field: string): number {
  const found = parseDuration(text);
  if (found === undefined) throw new MigrationError('config-invalid', `${field}: "${text}" is no length of time.`);
  return found;
}
