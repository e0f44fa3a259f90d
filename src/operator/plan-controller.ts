import { isDeepStrictEqual } from 'node:util';
import type { ClusterFacts } from '../model/cluster-facts.ts';
import { MigrationError } from '../model/errors.ts';
import { type Judgement, withCondition } from '../resources/conditions.ts';
import type { MigrationPlanStatus } from '../resources/migration-plan.ts';
import { isOpen, textOf } from './acceptance.ts';
import { type Assessment, assessedAs, assessPlan } from './assess-plan.ts';
import { windowOf } from './intent.ts';
import { readyJudgement } from './plan-judgements.ts';
import { reasonOf } from './provider-controller.ts';
import { checkTimes } from './schedule.ts';
import { named, PLAN_KIND, type PlanResource, type Services } from './services.ts';
import type { Source, Sources } from './sources.ts';
import type { Counts, Tally } from './tally.ts';

/** Milliseconds until a plan that cannot be assessed is looked at again; what it waits for brings it back earlier. */
const LOOK_EVERY = 15_000;
const NOT_READY = 2000;
/** Milliseconds between two assessments of VMs that have not begun, at least; more where they take long. */
const ASSESS_EVERY = 60_000;
/** The same where something stands in the way, and the source has changed since: somebody may have mended it. */
const MENDED_EVERY = 5000;
/** How much longer than it takes an assessment is let rest. */
const REST = 20;

/** What this process remembers of a plan. */
interface Memory {
  readonly uid: string;
  /** What it found out, whether it is written yet or not. */
  status?: MigrationPlanStatus;
  /** The inventory that it was assessed by, when, and how long it took. */
  assessed?: { readonly source: Source; readonly version: number; readonly at: number; readonly took: number };
  /** What it wrote last; the cluster may not have told us of it yet. */
  written?: MigrationPlanStatus;
  /** What the VMs of the plan were woken by last. */
  woken?: string;
}

export interface PlanControllerOptions {
  readonly sources: Sources;
  readonly tally: Tally;
  /** All VMs of a plan are to be looked at. */
  readonly wake: (plan: PlanResource) => void;
  /** A plan is gone. @param uid of it */
  readonly gone: (uid: string) => void;
  /** Told of what the cluster has, whenever it was read. */
  readonly onFacts: (facts: ClusterFacts) => void;
}

/** Makes the VmMigrations of a plan, keeps its counts, and says when its VMs may begin. */
export class PlanController {
  readonly #services: Services;
  readonly #options: PlanControllerOptions;
  /** By key, because of one that is gone nothing else is told. */
  readonly #memories = new Map<string, Memory>();

  constructor(services: Services, options: PlanControllerOptions) {
    this.#services = services;
    this.#options = options;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ readonly again: number } | undefined> {
    const plan = this.#services.plans.get(key);
    if (plan === undefined || plan.deleting) {
      this.#forget(key);
      return undefined;
    }
    this.#wake(plan);
    try {
      const { again, obstacle } = await this.#assess(plan, signal);
      const { status, judgements } = this.#summary(plan, this.#statusOf(plan));
      await this.#save(plan, { status, judgements: [...judgements, ...(obstacle === undefined ? [] : [obstacle])] }, signal);
      return soonest(again, this.#untilNextTime(plan));
    } catch (error) {
      if (signal.aborted || !(error instanceof MigrationError)) throw error;
      const { code, message, hint } = error;
      const text = `${message} ${hint}`.trim();
      const judgements: Judgement[] = [
        { type: 'Assessed', status: 'False', reason: reasonOf(code), message: text },
        { type: 'Ready', status: 'False', reason: reasonOf(code), message: text },
      ];
      await this.#save(plan, { status: { ...this.#statusOf(plan) }, judgements }, signal);
      return { again: LOOK_EVERY };
    }
  }

  /** Assesses the VMs where that is due. `again`: milliseconds until it may be due again; `obstacle`: why they could not be. */
  async #assess(plan: PlanResource, signal: AbortSignal): Promise<{ readonly again?: number; readonly obstacle?: Judgement }> {
    const services = this.#services;
    const { sources, onFacts } = this.#options;
    this.#checkTimes(plan);
    const as = assessedAs(plan, services);
    const isNew = this.#statusOf(plan).assessedAs !== as;
    // What the VMs were assessed by has not changed; and who is canceled needs no assessment, and begins nothing.
    if (plan.spec.canceled || !isNew) this.#remember(plan, { ...this.#statusOf(plan), observedGeneration: plan.generation });
    const status = this.#statusOf(plan);
    if (plan.spec.canceled || (!isNew && !this.#mayChange(plan, status))) return {};
    const provider = services.providers.get(`${plan.namespace}/${plan.spec.providerRef.name}`);
    const source = provider && (await sources.source(provider));
    if (provider === undefined || source?.inventory.readAt === undefined) {
      if (!isNew) return { again: NOT_READY };
      const message = `The Provider ${plan.spec.providerRef.name} is not ready.`;
      return { again: NOT_READY, obstacle: { type: 'Ready', status: 'False', reason: 'ProviderNotReady', message } };
    }
    const before = this.#memoryOf(plan).assessed;
    const { version } = source.inventory;
    const { clock } = services;
    if (!isNew && before !== undefined) {
      const isBlocked = hasOpenConcerns(status, this.#counts(plan)) || (status.missing ?? []).length > 0;
      const isSame = before.source === source && before.version === version;
      const every = isBlocked && !isSame ? MENDED_EVERY : ASSESS_EVERY;
      const wait = before.at + Math.max(every, before.took * REST) - clock.now();
      // Of what changes in a source only the Provider's counts bring a plan back.
      if (wait > 0) return { again: isBlocked ? Math.min(wait, MENDED_EVERY) : wait };
      if (isSame && !isBlocked) return { again: ASSESS_EVERY };
    }
    const begun = clock.now();
    const assessment = await assessPlan({ plan, provider, source, services, signal });
    onFacts(assessment.facts);
    const assessed = { source, version, at: clock.now(), took: clock.now() - begun };
    this.#remember(plan, { ...this.#assessedStatus(plan, status, assessment), assessedAs: as }, assessed);
    return this.#mayChange(plan, this.#statusOf(plan)) ? { again: MENDED_EVERY } : {};
  }

  /** @throws MigrationError `config-invalid` */
  #checkTimes(plan: PlanResource): void {
    try {
      checkTimes(plan.spec);
    } catch (error) {
      // What was found about its VMs holds no more: when the times are mended they are assessed anew.
      const { assessedAs: _, ...rest } = this.#statusOf(plan);
      this.#remember(plan, rest);
      throw error;
    }
  }

  /** Whether what was found about its VMs may be another thing later: nothing has begun, or a name may come to mean a VM. */
  #mayChange(plan: PlanResource, status: MigrationPlanStatus): boolean {
    const { running, completed, failed, canceled } = this.#counts(plan);
    return running + completed + failed + canceled === 0 || (status.missing ?? []).length > 0;
  }

  #assessedStatus(
    plan: PlanResource,
    status: MigrationPlanStatus,
    { vms, concerns, accepted: found, missing }: Assessment,
  ): MigrationPlanStatus {
    const at = new Date(this.#services.clock.now()).toISOString();
    const open = concerns.filter((concern) => isOpen(concern, plan, undefined));
    const about = (reason: string, message: string, done = false): Judgement => {
      return { type: 'Assessed', status: done ? 'True' : 'False', reason, message };
    };
    const judgement =
      vms === 0
        ? about('NoVms', `None of the names and ids means a VM: ${missing.join(', ')}`.slice(0, 1024))
        : open.length > 0
          ? about('CriticalConcerns', textOf(open))
          : about('Assessed', assessedText(vms, missing), true);
    const conditions = withCondition(status.conditions, judgement, { at, generation: plan.generation });
    const { accepted: _accepted, missing: _missing, ...rest } = status;
    const accepted = found.list(at);
    return {
      ...{ ...rest, conditions, observedGeneration: plan.generation },
      ...(accepted.length > 0 && { accepted }),
      ...(missing.length > 0 && { missing: missing.slice(0, 100) }),
    };
  }

  #summary(plan: PlanResource, before: MigrationPlanStatus): Summary {
    const counts = this.#counts(plan);
    const { total, waiting, running, completed, failed, canceled, moved, bytes } = counts;
    const at = new Date(this.#services.clock.now()).toISOString();
    const begun = running + completed + failed + canceled > 0;
    const over = begun && waiting + running === 0;
    const { endedAt, ...rest } = before;
    const status: MigrationPlanStatus = {
      ...rest,
      vms: { total, waiting, running, completed, failed, canceled },
      bytes: { moved, total: bytes },
      progress: bytes === 0 ? 0 : Math.min(100, Math.floor((100 * moved) / bytes)),
      ...(begun && { startedAt: before.startedAt ?? at }),
      ...(over && { endedAt: endedAt ?? at }),
    };
    const now = this.#services.clock.now();
    return { status, judgements: [readyJudgement(plan, { status, counts, now })] };
  }

  #counts(plan: PlanResource): Counts {
    return this.#options.tally.of(plan);
  }

  /** The VMs of a plan are looked at when what decides about them has changed, and not for each count. */
  #wake(plan: PlanResource): void {
    const { generation, status } = plan;
    const assessed = status?.conditions?.find(({ type }) => type === 'Assessed')?.status;
    const sign = [generation, status?.observedGeneration, assessed, windowOf(plan, this.#services.clock.now())].join(' ');
    const memory = this.#memoryOf(plan);
    if (memory.woken === sign) return;
    memory.woken = sign;
    this.#options.wake(plan);
  }

  /** Milliseconds until the schedule changes what may be. */
  #untilNextTime({ spec: { schedule } }: PlanResource): number | undefined {
    const now = this.#services.clock.now();
    const times = [schedule?.start, schedule?.deadline].flatMap((time) => (time === undefined ? [] : [Date.parse(time) - now]));
    return soonest(...times.filter((left) => left > 0))?.again;
  }

  #statusOf(plan: PlanResource): MigrationPlanStatus {
    return this.#memoryOf(plan).status ?? plan.status ?? {};
  }

  #remember(plan: PlanResource, status: MigrationPlanStatus, assessed?: Memory['assessed']): void {
    const memory = this.#memoryOf(plan);
    memory.status = status;
    if (assessed !== undefined) memory.assessed = assessed;
  }

  /** Another plan of the same name is remembered anew. */
  #memoryOf({ key, uid }: PlanResource): Memory {
    const known = this.#memories.get(key);
    if (known?.uid === uid) return known;
    this.#forget(key);
    const memory: Memory = { uid };
    this.#memories.set(key, memory);
    return memory;
  }

  #forget(key: string): void {
    const known = this.#memories.get(key);
    if (known === undefined) return;
    this.#memories.delete(key);
    this.#options.gone(known.uid);
  }

  async #save(plan: PlanResource, { status, judgements }: Summary, signal: AbortSignal): Promise<void> {
    const at = new Date(this.#services.clock.now()).toISOString();
    let { conditions } = status;
    for (const judgement of judgements) conditions = withCondition(conditions, judgement, { at, generation: plan.generation });
    const wanted = { ...status, ...(conditions && { conditions }) };
    const memory = this.#memoryOf(plan);
    const written = memory.written ?? plan.status ?? {};
    if (isDeepStrictEqual(wanted, written)) return;
    await this.#services.plans.saveStatus(named(PLAN_KIND, plan), wanted, signal);
    memory.written = wanted;
    memory.status = wanted;
  }
}

interface Summary {
  readonly status: MigrationPlanStatus;
  readonly judgements: readonly Judgement[];
}

function assessedText(vms: number, missing: readonly string[]): string {
  const all = vms === 1 ? '1 VM was assessed.' : `${vms} VMs were assessed.`;
  return missing.length === 0 ? all : `${all} No VM is meant by: ${missing.join(', ')}`.slice(0, 1024);
}

function hasOpenConcerns({ conditions }: MigrationPlanStatus, { blocked }: Counts): boolean {
  return blocked > 0 || conditions?.some(({ type, status }) => type === 'Assessed' && status !== 'True') === true;
}

/** The first of several instants, of which some never come. */
function soonest(...all: readonly (number | undefined)[]): { readonly again: number } | undefined {
  const known = all.filter((again) => again !== undefined);
  return known.length === 0 ? undefined : { again: Math.max(1, Math.min(...known)) };
}
