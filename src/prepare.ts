/**
 * inventory → assessment → mapping → plan, as one Report. (Read me second.)
 * `assess`, `plan` and `migrate` all run this; a dry run is this and nothing else.
 */
import { mapVm } from '../mappings/index.ts';
import type { AssignedName } from '../mappings/names.ts';
import { NetworkSurvey, planNetworks } from '../mappings/network-attachments.ts';
import type { NetworkPlan } from '../mappings/network-plan.ts';
import { type PlacementRules, planPlacement } from '../mappings/placement-rules.ts';
import { findSharedDisks, SharedDiskSurvey, type SharedDisks } from '../mappings/shared-disks.ts';
import { sharedNetworks } from '../mappings/shared-networks.ts';
import { describeStorageClasses } from '../mappings/storage-classes.ts';
import { assignTemplatedNames } from '../mappings/templates.ts';
import { assess } from './assess/index.ts';
import { assessPlan, PlanAssessment } from './assess/plan.ts';
import type { Peer } from './assess/population.ts';
import { surveySource } from './assess/source-survey.ts';
import { assessTables } from './assess/tables.ts';
import { assessTarget } from './assess/target.ts';
import type { Clock } from './contracts/clock.ts';
import type { Begun } from './contracts/destination.ts';
import type { Connection } from './contracts/provider.ts';
import type { ClusterFacts } from './model/cluster-facts.ts';
import { type Concern, sortConcerns } from './model/concern.ts';
import { MigrationError } from './model/errors.ts';
import type { Estimate } from './model/estimate.ts';
import type { GuestChoice, GuestTerms } from './model/guest-terms.ts';
import type { MappingOptions, NetworkMap, StorageMap } from './model/mapping.ts';
import type { MigrationType } from './model/phase.ts';
import type { VmPlan } from './model/plan.ts';
import type { Report, VmReport } from './model/report.ts';
import type { Schedule } from './model/schedule.ts';
import type { AfterCommit } from './model/source-retirement.ts';
import type { SourceVm } from './model/vm.ts';
import { readSelection } from './plan/criteria.ts';
import { estimate } from './plan/estimate.ts';
import { type EstimateBasis, estimateBasis } from './plan/figures.ts';
import { Forecast, type ForecastOptions } from './plan/forecast.ts';
import { itineraryOf } from './plan/itineraries.ts';
import { drawSchedule } from './plan/schedule/draw.ts';
import { nextCutover } from './plan/schedule/next-cutover.ts';
import { select } from './plan/select.ts';
import { storageClassesOf } from './plan/targets.ts';

export interface PrepareRequest {
  /** Names or ids of VMs; all when empty. */
  readonly vms: readonly string[];
  /** Criteria that all must hold (plan/criteria.ts). */
  readonly select?: readonly string[];
  /** VMs that are off are migrated cold in any case: there is nothing to keep running. */
  readonly type: MigrationType;
  /** VMs that are cut over together or not at all: the group of a VM, by its name or id. */
  readonly groups?: ReadonlyMap<string, string>;
  /** VMs can be taken back for a while. */
  readonly commit?: boolean;
  /** What becomes of guests, and what has to be seen of them; absent: nobody looks into them. */
  readonly guests?: GuestTerms;
  /** What becomes of sources whose VMs are at the target for good. */
  readonly afterCommit?: AfterCommit;
  /** What is drawn in the report. */
  readonly schedule?: Schedule;
  /** Migrations that have begun, by `VmRef.id`. */
  readonly begun?: ReadonlyMap<string, Begun>;
  readonly networkMap: NetworkMap;
  readonly storageMap: StorageMap;
  readonly facts: ClusterFacts;
  readonly options: MappingOptions;
  /** What is known about link, limits and windows. */
  readonly forecast: ForecastOptions;
}

/**
 * Reads the source once and says what a migration would do.
 * @throws MigrationError of the provider, `vm-not-found`, and `config-invalid` for numbers that cannot be
 */
export async function prepare(
  connection: Connection,
  request: PrepareRequest,
  context: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Report> {
  checkType(connection, request.type);
  checkSchedule(request.schedule);
  const now = context.clock.now();
  const inventory = await Array.fromAsync(connection.vms(context.signal));
  const vms = select(selected(inventory, request.select), request.vms);
  // Over the whole inventory, so that a VM's name does not depend on what else is selected.
  const names = assignTemplatedNames(inventory, request.options);
  const placement = await readPlacement(connection, context.signal);
  const networkPlan = planNetworks(inventory, request);
  const networks = sharedNetworks(vms, { ...request, networkPlan });
  const sharedDisks = findSharedDisks(vms);
  const forecast = new Forecast(vms, request.forecast);
  const predicted = vms.map((vm) => {
    const entry = prepareVm(vm, { peers: vms, names, networkPlan, sharedDisks, placement, request });
    const prediction = forecast.predict(entry.plan, entry.concerns);
    return { ...withTerms(entry, prediction.estimate, forecast.downtimeGoal), ...prediction };
  });
  const waves = vms.length > 1 ? forecast.waves(predicted) : undefined;
  return {
    schema: 'kubeferry.dev/report/v1',
    source: connection.name,
    createdAt: new Date(now).toISOString(),
    vms: predicted,
    ...(request.schedule && { schedule: drawSchedule(request.schedule, predicted, now) }),
    ...(networkPlan && { networks: networks.objects }),
    concerns: sortConcerns([
      ...networks.concerns,
      ...assessTables(request, surveySource(inventory)),
      ...assessPlan(
        predicted.map(({ plan }) => plan.mapping),
        request,
      ),
    ]),
    assumptions: forecast.assumptions,
    storageClasses: describeStorageClasses(
      predicted.map(({ plan }) => plan.mapping),
      request.facts,
    ),
    ...(waves && { waves }),
  };
}

/**
 * Plans a VM anew whose migration has begun: under the same names, of the same type, with the disks that it has by now.
 * @throws MigrationError like `prepare`
 */
export async function prepareAgain(
  connection: Connection,
  { vm, type, mapping, group }: VmPlan,
  request: PrepareRequest,
  context: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<VmReport> {
  const { select: _, schedule: __, ...rest } = request;
  const claims = new Map(mapping.placements.map(({ disk, claim }) => [disk, claim]));
  const kept = { type, targetName: mapping.targetName, ...(group !== undefined && { group }), claims };
  const begun = new Map([[vm.ref.id, kept]]);
  const { vms } = await prepare(connection, { ...rest, vms: [vm.ref.id], begun }, context);
  const [entry] = vms;
  if (entry === undefined) throw new MigrationError('vm-not-found', `${vm.name} is gone.`);
  return entry;
}

/**
 * The same VM by VM, for fleets that should not be in memory as a whole. The source is read twice: for the names and addresses that
 * VMs share, then for the VMs themselves. Readiness and waves are left out, because they need all VMs at once.
 * @throws MigrationError like `prepare`
 */
export async function* prepareEach(
  connection: Connection,
  request: PrepareRequest,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<VmReport> {
  checkType(connection, request.type);
  const basis = estimateBasis(request.forecast);
  const all: Peer[] = [];
  const { matches } = readSelection(request.select ?? []);
  const meant: Peer[] = [];
  const survey = new NetworkSurvey();
  const disks = new SharedDiskSurvey();
  for await (const vm of connection.vms(signal)) {
    const peer = peerOf(vm);
    all.push(peer);
    if (matches(vm)) meant.push(peer);
    survey.add(vm);
    disks.add(vm);
  }
  const names = assignTemplatedNames(all, request.options);
  const placement = await readPlacement(connection, signal);
  const networkPlan = survey.plan(request);
  const peers = select(meant, request.vms);
  const wanted = new Set(peers.map(({ ref }) => ref.id));
  const sharedDisks = disks.disks((id) => wanted.has(id));
  for await (const vm of connection.vms(signal)) {
    if (!wanted.has(vm.ref.id)) continue;
    const entry = prepareVm(vm, { peers, names, networkPlan, sharedDisks, placement, request });
    yield estimated(entry, basis);
  }
}

/**
 * The same as `prepare`, told VM by VM: no report is in memory as a whole. Waves and readiness are left out, because they need all VMs at once.
 * @param each the next VM waits until it resolves
 * @returns the concerns of the run as a whole
 * @throws MigrationError like `prepare`, and what `each` throws
 */
export async function prepareInTurn(
  connection: Connection,
  request: PrepareRequest,
  { signal, each }: { readonly signal: AbortSignal; readonly each: (entry: VmReport) => Promise<void> },
): Promise<readonly Concern[]> {
  checkType(connection, request.type);
  const inventory = await Array.fromAsync(connection.vms(signal));
  const vms = select(selected(inventory, request.select), request.vms);
  const names = assignTemplatedNames(inventory, request.options);
  const placement = await readPlacement(connection, signal);
  const networkPlan = planNetworks(inventory, request);
  const networks = sharedNetworks(vms, { ...request, networkPlan });
  const sharedDisks = findSharedDisks(vms);
  const basis = estimateBasis(request.forecast);
  const whole = new PlanAssessment(request);
  for (const vm of vms) {
    signal.throwIfAborted();
    const entry = prepareVm(vm, { peers: vms, names, networkPlan, sharedDisks, placement, request });
    whole.add(entry.plan.mapping);
    await each(estimated(entry, basis));
  }
  return sortConcerns([...networks.concerns, ...assessTables(request, surveySource(inventory)), ...whole.concerns()]);
}

/**
 * The VMs of a source that the criteria mean, as they are read.
 * @throws MigrationError of the provider, and `usage` for a criterion that is none
 */
export async function* readSelected(
  connection: Connection,
  criteria: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<SourceVm> {
  const { matches, mayMatch } = readSelection(criteria);
  for await (const vm of connection.vms(signal, { wants: mayMatch })) if (matches(vm)) yield vm;
}

/** @throws MigrationError `usage`, and `vm-not-found` when the criteria mean no VM */
function selected(vms: readonly SourceVm[], criteria: readonly string[] = []): readonly SourceVm[] {
  const { matches, text } = readSelection(criteria);
  const found = vms.filter(matches);
  if (found.length === 0 && criteria.length > 0) throw new MigrationError('vm-not-found', `No VM is meant by ${text}`);
  return found;
}

function estimated(entry: VmReport, basis: EstimateBasis): VmReport {
  const { type, mapping } = entry.plan;
  const predicted = estimate(entry.vm, basis, { type, targets: storageClassesOf(mapping) });
  return { ...withTerms(entry, predicted, basis.downtimeGoal), estimate: predicted };
}

function withTerms(entry: VmReport, { fixedSeconds: fixed }: Estimate, goal: number): VmReport {
  return entry.plan.type === 'warm' ? { ...entry, plan: { ...entry.plan, warm: { fixed, goal } } } : entry;
}

/** Before a long inventory. @throws MigrationError `config-invalid` for a window that cannot be */
function checkSchedule(schedule: Schedule | undefined): void {
  if (schedule !== undefined) nextCutover(schedule, { now: 0, needs: 0, downtime: 0 });
}

/** @throws MigrationError `change-tracking-unavailable` */
function checkType(connection: Connection, type: MigrationType): void {
  if (type === 'cold' || (connection.snapshots !== undefined && connection.changes !== undefined)) return;
  throw new MigrationError(
    'change-tracking-unavailable',
    `${connection.name} cannot be migrated warm: nothing tells what changes in it.`,
    {
      hint: 'Migrate cold.',
    },
  );
}

function peerOf({ ref, name, nics }: SourceVm): Peer {
  return { ref, name, nics: nics.flatMap(({ mac }) => (mac === undefined ? [] : [{ mac }])) };
}

/** Rules between VMs. Only a source that runs VMs has some; asking files would read them all once more. */
async function readPlacement(connection: Connection, signal: AbortSignal): Promise<PlacementRules> {
  if (connection.power === undefined) return planPlacement([]);
  return planPlacement((await connection.surroundings(signal)).relations ?? []);
}

interface Surroundings {
  readonly peers: readonly Peer[];
  readonly names: ReadonlyMap<string, AssignedName>;
  readonly networkPlan: NetworkPlan | undefined;
  readonly sharedDisks: SharedDisks;
  readonly placement: PlacementRules;
  readonly request: PrepareRequest;
}

function prepareVm(vm: SourceVm, { peers, names, request, ...run }: Surroundings): VmReport {
  const assigned = names.get(vm.ref.id);
  if (assigned === undefined) throw new Error(`no name for ${vm.ref.id}`);
  const { networkMap, storageMap, facts, options, groups, commit = false, afterCommit } = request;
  const begun = request.begun?.get(vm.ref.id);
  const type = begun?.type ?? (vm.power === 'off' ? 'cold' : request.type);
  const group = groups === undefined ? begun?.group : (groups.get(vm.name) ?? groups.get(vm.ref.id));
  const guest = request.guests?.byVm.get(vm.name) ?? request.guests?.byVm.get(vm.ref.id) ?? request.guests?.others;
  const tables = { networkMap, storageMap, facts, options: withPolicy(options, guest), ...run };
  const name = begun?.targetName ?? assigned.name;
  const mapping = mapVm(vm, { ...tables, name, nameBecause: assigned.because, claims: begun?.claims });
  return {
    vm,
    concerns: sortConcerns([...assess(vm, { peers, options, type }), ...mapping.concerns, ...assessTarget(vm, mapping, request)]),
    plan: {
      ...{
        vm,
        type,
        mapping,
        itinerary: itineraryOf(type, {
          commit,
          retire: afterCommit !== undefined,
          group: group !== undefined || begun?.group !== undefined,
        }),
      },
      ...(group !== undefined && { group }),
      ...(guest?.conversion && { conversion: guest.conversion }),
      ...(guest?.proof && { proof: guest.proof }),
      ...(afterCommit && { afterCommit }),
    },
  };
}

/** A guest that keeps its drivers gets devices that it knows. */
function withPolicy(options: MappingOptions, guest: GuestChoice | undefined): MappingOptions {
  return guest?.conversion?.policy === 'compatibility' ? { ...options, devices: 'compatibility' } : options;
}
