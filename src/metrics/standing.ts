import { Gauge, type Registry } from 'prom-client';
import { parseDuration } from '../model/duration.ts';
import { type Fleet, labelsOf, type PlanResource, type ProviderResource, planOf, type VmResource } from './fleet.ts';
import type { Flow } from './flow.ts';
import { conditionOf } from './reasons.ts';
import { downtimeOf } from './vm-progress.ts';

/** What the VMs of a plan come to. Times are milliseconds since the epoch; infinite where there is none. */
interface Tally {
  readonly phases: Map<string, number>;
  blocked: number;
  /** The earliest beginning of a downtime that is not over. */
  offSince: number;
  /** When the VM that is the furthest behind got on. */
  movedAt: number;
  /** Longest downtime that is predicted for a VM that runs, in seconds. */
  predicted: number;
}

const NEVER = Number.POSITIVE_INFINITY;

/** A VM in these phases waits for a person or a time, or is at its end: it is not expected to get on. */
const RESTS: ReadonlySet<string> = new Set([
  ...['Waiting', 'AwaitPrecopy', 'AwaitCutover', 'AwaitGroup', 'AwaitCommit'],
  ...['Completed', 'Failed', 'Canceled', 'Committed', 'RolledBack'],
]);

/**
 * How things stand, read from the resources themselves when somebody asks: nothing is forgotten, and what is gone leaves no series behind.
 * @returns to be called before the gauges are read; linear in all VMs, milliseconds for ten thousand
 */
export function measureStanding(registry: Registry, fleet: Fleet, flow: Flow): () => void {
  const gauge = gauges(registry);
  return () => {
    for (const each of Object.values(gauge)) each.reset();
    const tallies = new Map<PlanResource, Tally>();
    for (const vm of fleet.migrations.values()) count(vm, tallies);
    for (const plan of fleet.plans.values()) tellPlan(plan, tallies.get(plan));
    for (const provider of fleet.providers.values()) tellProvider(provider);
  };

  function count(vm: VmResource, tallies: Map<PlanResource, Tally>): void {
    const { key, spec, status = {} } = vm;
    const plan = planOf(fleet, vm);
    if (plan === undefined) return;
    const tally = tallies.get(plan) ?? { phases: new Map(), blocked: 0, offSince: NEVER, movedAt: NEVER, predicted: -1 };
    tallies.set(plan, tally);
    const { phase = 'Waiting' } = status;
    tally.phases.set(phase, (tally.phases.get(phase) ?? 0) + 1);
    if (phase === 'Waiting' && (status.critical ?? 0) > 0) tally.blocked += 1;
    const downtime = downtimeOf(status);
    if (downtime !== undefined && downtime.seconds === undefined)
      tally.offSince = Math.min(tally.offSince, downtime.since.getTime());
    const predicted = status.sourceStopped === true ? undefined : status.outlook?.downtime?.seconds.likely;
    tally.predicted = Math.max(tally.predicted, predicted ?? -1);
    if (RESTS.has(phase) || spec.paused || status.waitingFor !== undefined) return;
    tally.movedAt = Math.min(tally.movedAt, flow.movedAt(key) ?? NEVER);
  }

  function tellPlan(plan: PlanResource, tally: Tally | undefined): void {
    const { spec, status } = plan;
    const labels = labelsOf(plan);
    gauge.plan.set({ ...labels, provider: spec.providerRef.name, type: spec.type }, 1);
    gauge.state.set({ ...labels, state: conditionOf(status, 'Ready')?.reason ?? 'Unknown' }, 1);
    gauge.budget.set({ ...labels, type: spec.type }, budgetOf(spec));
    gauge.expected.set(labels, status?.bytes?.total ?? 0);
    gauge.moved.set(labels, status?.bytes?.moved ?? 0);
    gauge.blocked.set(labels, tally?.blocked ?? 0);
    if (tally === undefined) return;
    for (const [phase, vms] of tally.phases) gauge.vms.set({ ...labels, phase }, vms);
    if (tally.offSince !== NEVER) gauge.offSince.set({ ...labels, type: spec.type }, tally.offSince / 1000);
    if (tally.predicted >= 0) gauge.predicted.set(labels, tally.predicted);
    if (tally.movedAt !== NEVER) gauge.movedAt.set(labels, tally.movedAt / 1000);
  }

  function tellProvider({ namespace, name, spec, status }: ProviderResource): void {
    const labels = { namespace, provider: name };
    gauge.up.set({ ...labels, type: spec.type }, conditionOf(status, 'Ready')?.status === 'True' ? 1 : 0);
    gauge.degraded.set(labels, conditionOf(status, 'Degraded')?.status === 'True' ? 1 : 0);
    const { readAt, ...counts } = status?.inventory ?? {};
    if (readAt !== undefined) gauge.readAt.set(labels, Date.parse(readAt) / 1000);
    if (status?.lastSeen !== undefined) gauge.seenAt.set(labels, Date.parse(status.lastSeen) / 1000);
    for (const [kind, count] of Object.entries(counts))
      if (typeof count === 'number') gauge.inventory.set({ ...labels, kind }, count);
  }
}

/** Seconds that a downtime may take before somebody is called, where the plan says nothing: half an hour, or a shift where the VM is off while it is copied. */
const BUDGETS = { warm: 1800, cold: 28_800 } as const;

function budgetOf({ schedule, type }: PlanResource['spec']): number {
  return parseDuration(schedule?.downtimeBudget ?? '') ?? BUDGETS[type];
}

function gauges(registry: Registry) {
  const make = <L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name: `kubeferry_${name}`, help, labelNames, registers: [registry] });
  const plan = ['namespace', 'plan'] as const;
  const provider = ['namespace', 'provider'] as const;
  return {
    plan: make('plan_info', 'Always 1; the labels say what a plan is.', [...plan, 'provider', 'type']),
    state: make('plan_state', '1 for what a plan is doing: the reason of its condition Ready.', [...plan, 'state']),
    vms: make('vms', 'VMs of a plan by phase. Waiting: nothing has begun.', [...plan, 'phase']),
    blocked: make('vms_blocked', 'VMs of a plan that do not begin, because Critical concerns are open.', plan),
    expected: make('plan_expected_bytes', 'Bytes that the disks of a plan will have moved in the end.', plan),
    moved: make('plan_moved_bytes', 'Of the expected bytes of a plan: those that are moved.', plan),
    offSince: make(
      'downtime_start_timestamp_seconds',
      'When the longest downtime began that is not over: a source was shut down, its VirtualMachine is not made.',
      [...plan, 'type'],
    ),
    budget: make(
      'plan_downtime_budget_seconds',
      'How long a VM of a plan may be down: its schedule.downtimeBudget, else half an hour (warm) or eight hours (cold).',
      [...plan, 'type'],
    ),
    predicted: make(
      'predicted_downtime_seconds',
      'Longest downtime that is predicted, most likely, for the VMs of a plan that run and wait.',
      plan,
    ),
    movedAt: make(
      'oldest_progress_timestamp_seconds',
      'When the VM of a plan that has been still for the longest got on. VMs that wait for limits, people or a time are left out.',
      plan,
    ),
    up: make('provider_up', '1 where a provider answers.', [...provider, 'type']),
    degraded: make('provider_degraded', '1 where a provider answers, but not as it should.', provider),
    readAt: make(
      'provider_inventory_timestamp_seconds',
      'When the inventory of a provider was read; what changes since is told by it.',
      provider,
    ),
    seenAt: make('provider_last_answer_timestamp_seconds', 'When a provider answered last, to the minute.', provider),
    inventory: make('provider_inventory_objects', 'What a provider holds: vms, hosts, networks, storages.', [
      ...provider,
      'kind',
    ]),
  };
}
