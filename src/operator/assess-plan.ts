import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ClusterFacts } from '../model/cluster-facts.ts';
import type { Concern } from '../model/concern.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmReport } from '../model/report.ts';
import { prepareInTurn } from '../prepare.ts';
import { plannedDisks } from '../resources/disk-status.ts';
import { guestTermsOf } from '../resources/guest-spec.ts';
import { planLabels } from '../resources/plan-labels.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import { Accepted, acceptance, isOpen, textOf } from './acceptance.ts';
import { bandwidthOf } from './bandwidth.ts';
import { namespaceOf, requestOf } from './request.ts';
import { groupsOf } from './schedule.ts';
import { choose } from './selection.ts';
import {
  named,
  PLAN_KIND,
  type PlanResource,
  type ProviderResource,
  type Services,
  VM_KIND,
  type VmResource,
} from './services.ts';
import type { Source } from './sources.ts';
import { firstWait } from './uses.ts';

/** VmMigrations that are written at once. */
const AT_ONCE = 16;

export interface Assessment {
  readonly vms: number;
  /** About the plan as a whole. */
  readonly concerns: readonly Concern[];
  /** Critical concerns of its VMs that are no obstacle. */
  readonly accepted: Accepted;
  /** Names and ids that mean no VM. */
  readonly missing: readonly string[];
  readonly facts: ClusterFacts;
}

interface About {
  readonly plan: PlanResource;
  readonly provider: ProviderResource;
  readonly source: Source;
  readonly services: Services;
  readonly signal: AbortSignal;
}

/**
 * Runs prepare() for a plan and puts everything about each of its VMs into its VmMigration, before anything begins. What has begun goes on as it
 * was decided; what is meant no longer and has not begun is removed.
 * @throws MigrationError why the plan cannot be assessed
 */
export async function assessPlan(about: About): Promise<Assessment> {
  const { plan, provider, source, services, signal } = about;
  await checkNamespace(about);
  bandwidthOf(plan, provider);
  const connection = source.inventory.connection;
  const { ids, missing } = await choose(plan.spec.selection, connection.vms(signal));
  const { facts } = await services.readFacts(signal);
  const wanted = new Set<string>();
  const accepted = new Accepted(plan);
  const ungrouped = new Set(groupsOf(plan.spec).keys());
  // Who is in the selection may still come.
  const unexcepted = new Set(guestTermsOf(plan.spec.guest).byVm.keys()).difference(new Set(missing));
  const lanes = new Lanes(AT_ONCE);
  const each = async (entry: VmReport): Promise<void> => {
    const name = migrationName(plan, entry);
    const key = `${plan.namespace}/${name}`;
    wanted.add(key);
    accepted.add(entry);
    for (const words of [ungrouped, unexcepted]) for (const word of [entry.vm.name, entry.vm.ref.id]) words.delete(word);
    // What has begun goes on as it was decided.
    if (services.migrations.get(key)?.status?.phase !== undefined) return;
    await lanes.run(() => take(name, entry, { plan, provider, services, signal }));
  };
  const asked = request(about, facts, ids);
  const concerns = ids?.length === 0 ? [] : await prepareInTurn(connection, asked, { signal, each }).finally(() => lanes.ended());
  for (const vm of services.migrations.ownedBy(plan.uid)) {
    if (!wanted.has(vm.key) && vm.status?.phase === undefined) await lanes.run(() => services.migrations.delete(vm, signal));
  }
  await lanes.ended();
  requireNone(ungrouped, 'Groups name', 'The others of their groups would be cut over without them.');
  requireNone(unexcepted, 'guest.exceptions names', 'The guest that is meant would be treated as all others.');
  return { vms: wanted.size, concerns, accepted, missing, facts };
}

/** @throws MigrationError `config-invalid` */
function requireNone(words: ReadonlySet<string>, who: string, hint: string): void {
  if (words.size === 0) return;
  const message = `${who} what is no VM of this plan: ${[...words].join(', ')}`.slice(0, 1024);
  throw new MigrationError('config-invalid', message, { hint });
}

/** Digest of what an assessment depends on, besides the source and the cluster. */
export function assessedAs(plan: PlanResource, { networkMaps, storageMaps }: Services): string {
  const { selection, networkMap, storageMap, target, options, guest, accept, providerRef } = plan.spec;
  const { type, groups, commit, sourceAfterCommit } = plan.spec;
  const maps = [
    networkMaps.get(`${plan.namespace}/${networkMap?.ref?.name}`),
    storageMaps.get(`${plan.namespace}/${storageMap?.ref?.name}`),
  ];
  const seen = maps.map((map) => map && [map.uid, map.generation]);
  const way = { type, groups, commit: commit?.mode, sourceAfterCommit };
  return digest({ selection, networkMap, storageMap, target, way, options, guest, accept, providerRef, seen });
}

function request({ plan, services }: About, facts: ClusterFacts, ids: readonly string[] | undefined) {
  const { select, ...rest } = requestOf(plan, facts, services);
  // Who is named was held to the criteria already.
  return ids === undefined ? { ...rest, ...(select !== undefined && { select }) } : { ...rest, vms: ids };
}

/** Workers run where the VM is made, and can mount only what is there. */
async function checkNamespace({ plan, provider, services, signal }: About): Promise<void> {
  const namespace = namespaceOf(plan);
  if (namespace === plan.namespace) return;
  const { spec } = provider;
  if (spec.type === 'image') {
    const message = `The image files are on a claim in ${provider.namespace}, which workers in ${namespace} cannot mount.`;
    throw new MigrationError('config-invalid', message, { hint: `Put claim, Provider and plan into ${namespace}.` });
  }
  const name = spec.secretRef?.name ?? '';
  if ((await services.secret({ namespace, name }, signal)) !== undefined) return;
  const message = `Workers run in ${namespace} and log in with the Secret ${name}, which is not there.`;
  throw new MigrationError('credentials-missing', message, { hint: `Put the Secret ${name} into ${namespace} too.` });
}

/** Everything about a VM is in its VmMigration before anything begins. What is there already is not written again. */
async function take(name: string, entry: VmReport, about: Omit<About, 'source'>): Promise<void> {
  const { plan, services, signal } = about;
  const { migrations, keepPlan } = services;
  const { id, name: vmName } = entry.vm.ref;
  const known = migrations.get(`${plan.namespace}/${name}`);
  const decided = digest(entry.plan);
  if (
    known !== undefined &&
    !known.deleting &&
    isDeepStrictEqual(spoken(known.status), spoken(statusOf(known, entry, decided, about)))
  )
    return;
  const spec = { planRef: { name: plan.name }, vm: { id, name: vmName } };
  const made = await migrations.make({ name, owner: named(PLAN_KIND, plan), labels: planLabels(plan.name), spec }, signal);
  if (made.status?.phase !== undefined) return;
  await keepPlan(named(VM_KIND, made), entry.plan, signal);
  await migrations.saveStatus(made, statusOf(made, entry, decided, about), signal);
}

/** Without what changes while a VM waits. */
function spoken(status: VmMigrationStatus | undefined) {
  return { ...status, waitingFor: undefined, conditions: undefined, observedGeneration: undefined };
}

function statusOf(
  { generation }: VmResource,
  entry: VmReport,
  decided: string,
  { plan, provider }: Omit<About, 'source'>,
): VmMigrationStatus {
  const { plan: vmPlan, concerns, vm } = entry;
  const { mapping } = vmPlan;
  const shown = concerns.slice(0, 256).map((concern) => {
    const { id, category, label, assessment, subject } = concern;
    const reason = acceptance(concern, plan, vm.ref)?.reason;
    return {
      ...{ id, category, label: label.slice(0, 1024), assessment: assessment.slice(0, 4096), subject: subject.slice(0, 1024) },
      ...(reason !== undefined && { accepted: reason }),
    };
  });
  const open = concerns.filter((concern) => isOpen(concern, plan, vm.ref));
  return {
    observedGeneration: generation,
    targetName: mapping.targetName,
    targetNamespace: namespaceOf(plan),
    provider: provider.name,
    ...(vm.placement?.host !== undefined && { host: vm.placement.host }),
    decided,
    progress: 0,
    disks: [...plannedDisks(vmPlan)],
    ...(vmPlan.group !== undefined && { group: vmPlan.group }),
    concerns: shown,
    critical: open.length,
    sourceWasOn: vm.power === 'on',
    waitingFor: open.length > 0 ? textOf(open) : firstWait(plan),
  };
}

/** The same name for the same VM of the same plan, whoever makes it. */
function migrationName(plan: PlanResource, { plan: { mapping }, vm }: VmReport): string {
  return `${plan.name.slice(0, 150)}-${mapping.targetName}-${hash('sha256', vm.ref.id, 'hex').slice(0, 6)}`;
}

function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex').slice(0, 32);
}

/** So many pieces of work at once. After one has failed, no other is begun. */
class Lanes {
  readonly #most: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves as soon as it has begun. @throws what earlier work threw */
  async run(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#most) await Promise.race(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
    const running = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all that runs. @throws what work threw */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
