import { Counter, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../contracts/clock.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import { type Fleet, labelsOf, planOf, type VmResource } from './fleet.ts';
import type { Program } from './program.ts';
import { troubleIn } from './reasons.ts';
import { changesBetween, type VmChanges } from './vm-progress.ts';

/** Seconds. */
const PHASES = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200];
const TRANSFERS = [1, 10, 60, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const DOWNTIMES = [15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400];
/** Bytes: 1 MiB to 8 TiB, by eights. */
const SIZES = Array.from({ length: 8 }, (_, power) => 2 ** (20 + 3 * power));

/** What happens, counted as it is told by the statuses of VmMigrations. */
export interface Flow {
  /** When the VM was last seen to get on, in milliseconds since the epoch. */
  movedAt(key: string): number | undefined;
}

interface Seen {
  readonly status: VmMigrationStatus;
  readonly movedAt: number;
}

export function measureFlow(registry: Registry, fleet: Fleet, { clock, trouble }: FlowOptions): Flow {
  const { plans, migrations, providers } = fleet;
  const count = counters(registry);
  /** The very objects that the fleet holds, so that they cost next to nothing. */
  const seen = new Map<string, Seen>();
  const newTrouble = { plan: troubles(), provider: troubles() };

  migrations.subscribe((key) => {
    const vm = migrations.get(key);
    if (vm === undefined) {
      seen.delete(key);
      return;
    }
    const before = seen.get(key);
    const status = vm.status ?? {};
    // Nobody knows when what is seen for the first time has happened.
    const changes = before && changesBetween(before.status, status);
    const moved = before === undefined || before.status.phase !== status.phase || (changes !== undefined && isProgress(changes));
    seen.set(key, { status, movedAt: moved ? clock.now() : before.movedAt });
    if (changes === undefined) return;
    tell(vm, changes);
    if (changes.trouble !== undefined) trouble('vm', changes.trouble);
  });

  function tell(vm: VmResource, changes: VmChanges): void {
    const plan = planOf(fleet, vm);
    const type = plan?.spec.type ?? 'cold';
    for (const { phase, seconds } of changes.phases) count.phases.observe({ phase }, seconds);
    for (const { pass, bytes, seconds } of changes.transfers) {
      count.transferred.observe({ pass }, bytes);
      count.transfers.observe({ pass }, seconds);
    }
    if (changes.downtime !== undefined) {
      const { seconds, predicted, phases } = changes.downtime;
      count.downtimes.observe({ type }, seconds);
      if (predicted !== undefined) count.predictions.observe({ type }, predicted);
      for (const part of phases) count.downtimeParts.observe({ type, phase: part.phase }, part.seconds);
    }
    for (const result of ['ended', 'failed'] as const) count.precopies.inc({ result }, changes.precopies[result]);
    if (changes.ended !== undefined) count.ended.inc({ result: changes.ended });
    // The series of a plan that is gone would stay for ever.
    if (plan === undefined) return;
    count.copied.inc(labelsOf(plan), changes.copied);
    count.proven.inc(labelsOf(plan), changes.proven);
  }

  plans.subscribe((key) => {
    const plan = plans.get(key);
    const [namespace = '', name = ''] = key.split('/');
    const labels = labelsOf({ namespace, name });
    for (const counter of [count.copied, count.proven]) {
      if (plan === undefined) counter.remove(labels);
      else counter.inc(labels, 0);
    }
    const code = newTrouble.plan(key, troubleIn(plan?.status));
    if (code !== undefined) trouble('plan', code);
  });

  providers.subscribe((key) => {
    const code = newTrouble.provider(key, troubleIn(providers.get(key)?.status));
    if (code !== undefined) trouble('provider', code);
  });

  return { movedAt: (key) => seen.get(key)?.movedAt };
}

interface FlowOptions {
  readonly clock: Clock;
  readonly trouble: Program['trouble'];
}

function counters(registry: Registry) {
  const registers = [registry];
  const ofPlan = { labelNames: ['namespace', 'plan'], registers } as const;
  const made = {
    copied: new Counter({ name: 'kubeferry_copied_bytes_total', help: 'Bytes brought to targets.', ...ofPlan }),
    proven: new Counter({
      name: 'kubeferry_proven_bytes_total',
      help: 'Bytes read back from targets and found equal to their source.',
      ...ofPlan,
    }),
    phases: new Histogram({
      name: 'kubeferry_phase_duration_seconds',
      help: 'How long VMs were in a phase that they have left.',
      labelNames: ['phase'],
      buckets: PHASES,
      registers,
    }),
    transferred: new Histogram({
      name: 'kubeferry_transfer_size_bytes',
      help: 'Bytes that one reading of a disk moved: the whole disk (full), or what changed since the reading before (delta).',
      labelNames: ['pass'],
      buckets: SIZES,
      registers,
    }),
    transfers: new Histogram({
      name: 'kubeferry_transfer_duration_seconds',
      help: 'How long one reading of a disk took, its proof included.',
      labelNames: ['pass'],
      buckets: TRANSFERS,
      registers,
    }),
    downtimes: new Histogram({
      name: 'kubeferry_downtime_seconds',
      help: 'From the shutdown of a running source until its VirtualMachine was made.',
      labelNames: ['type'],
      buckets: DOWNTIMES,
      registers,
    }),
    predictions: new Histogram({
      name: 'kubeferry_downtime_predicted_seconds',
      help: 'What was predicted, most likely, for the downtimes that are over; to be compared with kubeferry_downtime_seconds.',
      labelNames: ['type'],
      buckets: DOWNTIMES,
      registers,
    }),
    downtimeParts: new Histogram({
      name: 'kubeferry_downtime_phase_seconds',
      help: 'How long the phases of downtimes took that are over.',
      labelNames: ['type', 'phase'],
      buckets: DOWNTIMES,
      registers,
    }),
    precopies: new Counter({
      name: 'kubeferry_precopies_total',
      help: 'Copies of VMs that run: those that ended, and those that failed and are made again.',
      labelNames: ['result'],
      registers,
    }),
    ended: new Counter({
      name: 'kubeferry_vms_ended_total',
      help: 'VMs that came to an end: completed, failed, canceled or rolled back.',
      labelNames: ['result'],
      registers,
    }),
  };
  // What may happen is 0 before it does, so that the first time is seen as an increase.
  for (const result of ['completed', 'failed', 'canceled', 'rolled-back']) made.ended.inc({ result }, 0);
  for (const result of ['ended', 'failed']) made.precopies.inc({ result }, 0);
  for (const pass of ['full', 'delta']) for (const histogram of [made.transferred, made.transfers]) histogram.zero({ pass });
  for (const type of ['cold', 'warm']) for (const histogram of [made.downtimes, made.predictions]) histogram.zero({ type });
  return made;
}

function isProgress({ phases, copied, proven, transfers }: VmChanges): boolean {
  return copied > 0 || proven > 0 || phases.length > 0 || transfers.length > 0;
}

/** Remembers what is wrong with whom. @returns the code where it is news */
function troubles(): (key: string, code: ErrorCode | undefined) => ErrorCode | undefined {
  const known = new Map<string, ErrorCode>();
  return (key, code) => {
    const isNews = code !== known.get(key);
    if (code === undefined) known.delete(key);
    else known.set(key, code);
    return isNews ? code : undefined;
  };
}
