/**
 * inventory → assessment → mapping → plan, as one Report. (Read me second.)
 * `assess`, `plan` and `migrate` all run this; a dry run is this and nothing else.
 */
import { NetworkSurvey, planNetworks } from '../mappings/network-attachments.ts';
import { type PlacementRules, planPlacement } from '../mappings/placement-rules.ts';
import { findSharedDisks, SharedDiskSurvey } from '../mappings/shared-disks.ts';
import { sharedNetworks } from '../mappings/shared-networks.ts';
import { describeStorageClasses } from '../mappings/storage-classes.ts';
import { assignTemplatedNames } from '../mappings/templates.ts';
import { assessPlan, PlanAssessment } from './assess/plan.ts';
import type { Peer } from './assess/population.ts';
import { surveySource } from './assess/source-survey.ts';
import { assessTables } from './assess/tables.ts';
import type { Clock } from './contracts/clock.ts';
import type { Connection } from './contracts/provider.ts';
import { type Concern, sortConcerns } from './model/concern.ts';
import { MigrationError } from './model/errors.ts';
import type { Estimate } from './model/estimate.ts';
import type { MigrationType } from './model/phase.ts';
import type { VmPlan } from './model/plan.ts';
import type { Report, VmReport } from './model/report.ts';
import type { Schedule } from './model/schedule.ts';
import type { SourceVm } from './model/vm.ts';
import { readSelection } from './plan/criteria.ts';
import { type EstimateBasis, estimateBasis } from './plan/figures.ts';
import { estimateOf, Forecast, type ForecastOptions, type Prediction } from './plan/forecast.ts';
import { policiesOf } from './plan/guests.ts';
import { drawSchedule } from './plan/schedule/draw.ts';
import { nextCutover } from './plan/schedule/next-cutover.ts';
import { select } from './plan/select.ts';
import { prepareVm, type VmRequest } from './prepare-vm.ts';

export interface PrepareRequest extends VmRequest {
  /** Names or ids of VMs; all when empty. */
  readonly vms: readonly string[];
  /** Criteria that all must hold (plan/criteria.ts). */
  readonly select?: readonly string[];
  /** What is drawn in the report. */
  readonly schedule?: Schedule;
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
  const forecast = new Forecast(vms, { ...request.forecast, policies: policiesOf(request.guests) });
  const surroundings = { peers: vms, names, networkPlan, sharedDisks, placement, request };
  const predicted: (VmReport & Prediction)[] = [];
  for (const vm of vms) {
    const entry = await prepareVm(vm, surroundings, context.signal);
    const prediction = forecast.predict(entry.plan, entry.concerns);
    predicted.push({ ...withTerms(entry, prediction.estimate, forecast.downtimeGoal), ...prediction });
  }
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
    const entry = await prepareVm(vm, { peers, names, networkPlan, sharedDisks, placement, request }, signal);
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
    const entry = await prepareVm(vm, { peers: vms, names, networkPlan, sharedDisks, placement, request }, signal);
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
  const predicted = estimateOf(entry.plan, basis);
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
