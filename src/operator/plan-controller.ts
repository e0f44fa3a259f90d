import { hash } from 'node:crypto';
import type { Connection } from '../contracts/provider.ts';
import type { Concern } from '../model/concern.ts';
import { MigrationError } from '../model/errors.ts';
import type { Report, VmReport } from '../model/report.ts';
import { prepare } from '../prepare.ts';
import { type Judgement, withCondition } from '../resources/conditions.ts';
import type { MigrationPlanStatus } from '../resources/migration-plan.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import { reasonOf } from './provider-controller.ts';
import { requestOf } from './request.ts';
import { named, PLAN_KIND, type PlanResource, type Services, VM_KIND, type VmResource } from './services.ts';
import type { Sources } from './sources.ts';

/** Milliseconds until a provider that is not ready, or a table that is missing, is looked at again. */
const LOOK_EVERY = 2000;

/** Makes the VmMigrations of a plan and keeps its counts. */
export class PlanController {
  readonly #services: Services;
  readonly #sources: Sources;
  /** What this process assessed; the cluster may not have told us of it yet. */
  readonly #last = new Map<string, { readonly generation: number; readonly status: MigrationPlanStatus }>();

  constructor(services: Services, sources: Sources) {
    this.#services = services;
    this.#sources = sources;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ readonly again: number } | undefined> {
    const plan = this.#services.plans.get(key);
    if (plan === undefined) return undefined;
    if (plan.deleting) {
      this.#last.delete(plan.uid);
      return undefined;
    }
    try {
      const known = await this.#assessed(plan, signal);
      if (known === undefined) return { again: LOOK_EVERY };
      await this.#save(plan, summary(plan, known, this.#services.migrations.ownedBy(plan.uid)), signal);
      return undefined;
    } catch (error) {
      if (signal.aborted || !(error instanceof MigrationError)) throw error;
      const { code, message, hint } = error;
      const judgement = { type: 'Ready', status: 'False' as const, reason: reasonOf(code), message: `${message} ${hint}`.trim() };
      await this.#save(plan, { status: plan.status ?? {}, judgements: [judgement] }, signal);
      return { again: LOOK_EVERY };
    }
  }

  /** The status once every VM has its VmMigration; undefined while the provider is not there. */
  async #assessed(plan: PlanResource, signal: AbortSignal): Promise<MigrationPlanStatus | undefined> {
    if (plan.status?.observedGeneration === plan.generation) return plan.status;
    const last = this.#last.get(plan.uid);
    if (last?.generation === plan.generation) return last.status;
    const { spec, namespace } = plan;
    if (spec.type !== 'cold') throw new MigrationError('config-invalid', 'Only cold migrations can be run in this version.');
    if (spec.target?.namespace !== undefined && spec.target.namespace !== namespace)
      throw new MigrationError('config-invalid', 'VMs are made in the namespace of their plan in this version.');
    const provider = this.#services.providers.get(`${namespace}/${spec.providerRef.name}`);
    const connection = provider && (await this.#sources.connection(provider));
    if (connection === undefined) {
      const message = `The Provider ${spec.providerRef.name} is not ready.`;
      const judgement: Judgement = { type: 'Ready', status: 'False', reason: 'ProviderNotReady', message };
      await this.#save(plan, { status: plan.status ?? {}, judgements: [judgement] }, signal);
      return undefined;
    }
    return await this.#assess(plan, connection, signal);
  }

  async #assess(plan: PlanResource, connection: Connection, signal: AbortSignal): Promise<MigrationPlanStatus> {
    const { clock, readFacts, migrations } = this.#services;
    const { facts } = await readFacts(signal);
    const report = await prepare(connection, requestOf(plan, facts, this.#services), { clock, signal });
    for (const entry of report.vms) {
      const name = migrationName(plan, entry);
      // What has begun goes on as it was decided.
      if (migrations.get(`${plan.namespace}/${name}`)?.status?.phase !== undefined) continue;
      await this.#take(plan, name, entry, signal);
    }
    const accepted = acceptedIn(plan, report, new Date(clock.now()).toISOString());
    const open = report.concerns.filter((concern) => isOpen(concern, plan, undefined));
    const assessed: Judgement =
      open.length === 0
        ? { type: 'Assessed', status: 'True', reason: 'Assessed', message: `${report.vms.length} VMs were assessed.` }
        : { type: 'Assessed', status: 'False', reason: 'CriticalConcerns', message: textOf(open) };
    const at = new Date(clock.now()).toISOString();
    const conditions = withCondition(plan.status?.conditions, assessed, { at, generation: plan.generation });
    const status = { ...plan.status, conditions, observedGeneration: plan.generation, ...(accepted.length > 0 && { accepted }) };
    this.#last.set(plan.uid, { generation: plan.generation, status });
    return status;
  }

  /** Everything about a VM is in its VmMigration before anything begins. */
  async #take(plan: PlanResource, name: string, entry: VmReport, signal: AbortSignal): Promise<void> {
    const { migrations, keepPlan } = this.#services;
    const { id, name: vmName } = entry.vm.ref;
    const spec = { planRef: { name: plan.name }, vm: { id, name: vmName } };
    const made = await migrations.make({ name, owner: named(PLAN_KIND, plan), spec }, signal);
    if (made.status?.phase !== undefined) return;
    await keepPlan(named(VM_KIND, made), entry.plan, signal);
    await migrations.saveStatus(made, statusOf(plan, made, entry), signal);
  }

  async #save(plan: PlanResource, { status, judgements }: Summary, signal: AbortSignal): Promise<void> {
    const at = new Date(this.#services.clock.now()).toISOString();
    let { conditions } = status;
    for (const judgement of judgements) conditions = withCondition(conditions, judgement, { at, generation: plan.generation });
    const wanted = { ...status, ...(conditions && { conditions }) };
    if (JSON.stringify(wanted) === JSON.stringify(plan.status ?? {})) return;
    await this.#services.plans.saveStatus(named(PLAN_KIND, plan), wanted, signal);
  }
}

interface Summary {
  readonly status: MigrationPlanStatus;
  readonly judgements: readonly Judgement[];
}

/** The same name for the same VM of the same plan, whoever makes it. */
function migrationName(plan: PlanResource, { plan: { mapping }, vm }: VmReport): string {
  return `${plan.name.slice(0, 150)}-${mapping.targetName}-${hash('sha256', vm.ref.id, 'hex').slice(0, 6)}`;
}

function statusOf(plan: PlanResource, { generation }: VmResource, { plan: vmPlan, concerns, vm }: VmReport): VmMigrationStatus {
  const disks = vmPlan.mapping.placements.map(({ disk, claim }) => {
    const capacity = vm.disks.find(({ key }) => key === disk)?.capacity ?? 0;
    return { disk, claim, capacity, done: 0, total: 0, stage: 'waiting' as const };
  });
  const shown = concerns.slice(0, 256).map((concern) => {
    const { id, category, label, assessment, subject } = concern;
    const reason = acceptance(concern, plan, vmPlan.vm.ref)?.reason;
    return {
      ...{ id, category, label: label.slice(0, 1024), assessment: assessment.slice(0, 4096), subject: subject.slice(0, 1024) },
      ...(reason !== undefined && { accepted: reason }),
    };
  });
  const open = concerns.filter((concern) => isOpen(concern, plan, vmPlan.vm.ref));
  return {
    observedGeneration: generation,
    targetName: vmPlan.mapping.targetName,
    progress: 0,
    disks,
    concerns: shown,
    critical: open.length,
    sourceWasOn: vm.power === 'on',
    ...(open.length > 0 && { waitingFor: textOf(open) }),
  };
}

type VmName = { readonly id: string; readonly name: string };

function acceptance({ id, category }: Concern, { spec }: PlanResource, vm: VmName | undefined) {
  if (category !== 'Critical') return undefined;
  return spec.accept?.find(
    ({ concern, vms }) =>
      concern === id && (vms === undefined || (vm !== undefined && (vms.includes(vm.id) || vms.includes(vm.name)))),
  );
}

function isOpen(concern: Concern, plan: PlanResource, vm: VmName | undefined): boolean {
  return concern.category === 'Critical' && acceptance(concern, plan, vm) === undefined;
}

function acceptedIn(plan: PlanResource, { vms }: Report, at: string): NonNullable<MigrationPlanStatus['accepted']> {
  return (plan.spec.accept ?? []).map(({ concern, reason }) => {
    const concerned = vms.filter(({ concerns, vm }) =>
      concerns.some((found) => found.id === concern && acceptance(found, plan, vm.ref) !== undefined),
    );
    const before = plan.status?.accepted?.find((known) => known.concern === concern && known.reason === reason);
    return { concern, reason, at: before?.at ?? at, vms: concerned.length };
  });
}

function textOf(concerns: readonly Concern[]): string {
  return `Critical concerns are open: ${[...new Set(concerns.map(({ id }) => id))].join(', ')}`.slice(0, 1024);
}

function summary(plan: PlanResource, status: MigrationPlanStatus, migrations: readonly VmResource[]): Summary {
  const count = (holds: (phase: string | undefined) => boolean) => migrations.filter((vm) => holds(vm.status?.phase)).length;
  const ended = { completed: 'Completed', failed: 'Failed', canceled: 'Canceled' };
  const [completed, failed, canceled] = Object.values(ended).map((word) => count((phase) => phase === word));
  const waiting = count((phase) => phase === undefined);
  const total = migrations.length;
  const vms = { total, waiting, completed: completed ?? 0, failed: failed ?? 0, canceled: canceled ?? 0 };
  const running = total - waiting - vms.completed - vms.failed - vms.canceled;
  const disks = migrations.flatMap((vm) => vm.status?.disks ?? []);
  const bytes = {
    moved: disks.reduce((sum, { done }) => sum + done, 0),
    total: disks.reduce((sum, { total: all, capacity }) => sum + (all === 0 ? capacity : all), 0),
  };
  const progress = bytes.total === 0 ? 0 : Math.min(100, Math.floor((100 * bytes.moved) / bytes.total));
  const counts = { ...vms, running };
  return { status: { ...status, vms: counts, bytes, progress }, judgements: [stateOf(plan, counts, migrations)] };
}

function stateOf(
  { spec, status }: PlanResource,
  vms: NonNullable<MigrationPlanStatus['vms']>,
  all: readonly VmResource[],
): Judgement {
  const about = (reason: string, message: string, done = false): Judgement => ({
    type: 'Ready',
    status: done ? 'True' : 'False',
    reason,
    message,
  });
  const ended = vms.completed + vms.failed + vms.canceled;
  if (vms.total > 0 && vms.completed === vms.total) return about('Completed', 'All VMs are in the cluster.', true);
  if (spec.canceled) return about('Canceled', `${vms.canceled} of ${vms.total} VMs were canceled.`);
  if (spec.dryRun) return about('DryRun', 'The VMs were assessed; nothing is begun.', true);
  if (spec.paused) return about('Paused', 'Nothing new begins.');
  if (ended === vms.total && vms.failed > 0) return about('Failed', `${vms.failed} of ${vms.total} VMs failed.`);
  const blocked = all.filter((vm) => (vm.status?.critical ?? 0) > 0 && vm.status?.phase === undefined).length;
  const whole = status?.conditions?.find(({ type }) => type === 'Assessed');
  if (whole?.status === 'False') return about('Blocked', whole.message);
  if (blocked > 0 && vms.running === 0) return about('Blocked', `${blocked} of ${vms.total} VMs have open Critical concerns.`);
  return about('Running', `${vms.completed} of ${vms.total} VMs are complete.`);
}
