/**
 * Tests of targets: a VirtualMachine over clones of what is copied until now, apart from all networks. Every call looks first and does what is next,
 * so that whoever calls again goes on; nothing is remembered here.
 */
import type { Clock } from '../../contracts/clock.ts';
import { MigrationError } from '../../model/errors.ts';
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import { ownPlacements } from '../../model/own-placements.ts';
import type { VmPlan } from '../../model/plan.ts';
import type { VmMigrationStatus } from '../../resources/vm-migration.ts';
import type { KubeClient, KubeObject, ObjectRef, ResourceType } from '../client/kube-client.ts';
import { claimOf } from '../destination/cluster-destination.ts';
import { machineOf } from '../destination/rehearsal.ts';
import { at, textAt } from '../facts/json.ts';
import type { ConversionJobOptions } from '../jobs/conversion-job.ts';
import { type WorkerJobs, workerName } from '../jobs/worker-jobs.ts';
import { CLAIMS, SNAPSHOTS, VIRTUAL_MACHINES } from '../kinds.ts';
import { hopeOf } from '../proof/cluster-prover.ts';
import { DEADLINE_SECONDS, MachineWatch } from '../proof/machine-watch.ts';
import { keepPicture } from '../proof/picture.ts';
import { proofFrom } from '../proof/proof-from.ts';
import { guestWithin } from '../resources/progress-status.ts';
import { type ProofStatus, proofWithin } from '../resources/proof-status.ts';
import { type CloneConversion, convertClones } from './clone-conversion.ts';
import { type ChosenWay, type CloneWay, chooseWay } from './clone-way.ts';
import { endTest, type TestScope } from './end-test.ts';
import { cloneClaim, cloneName, metadataOf, TEST_OF, testMachine, testName } from './test-objects.ts';

export interface TestRun extends TestScope {
  readonly plan: VmPlan;
  readonly by: CloneWay;
  /** When it began, ISO 8601: tells its workers from those of earlier tests. */
  readonly since: string;
  /** The clones were complete: what is on them is converted. */
  readonly converting: boolean;
}

export type GuestStatus = NonNullable<VmMigrationStatus['guest']>;

export interface TestStanding {
  /** The target must not change yet. */
  readonly holds: boolean;
  /** `started`: the VirtualMachine is made. `failed`: a worker could not do its part, and comes to nothing else when it is asked again. */
  readonly state: 'cloning' | 'converting' | 'started' | 'failed';
  /** What is done at the moment, for people. */
  readonly doing?: string;
  /** What was done to the guest on its clones. */
  readonly guest?: GuestStatus;
  readonly failure?: MigrationError;
}

export type TestCutoversOptions = ConversionJobOptions;

export class TestCutovers {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #jobs: WorkerJobs;
  readonly #options: TestCutoversOptions;
  /** Tests that are watched, by the uid of their VmMigration. Another process watches anew. */
  readonly #watched = new Map<string, { readonly since: string; readonly watch: MachineWatch }>();

  constructor(options: TestCutoversOptions) {
    const { client, clock, jobs } = options;
    this.#options = options;
    this.#client = client;
    this.#clock = clock;
    this.#jobs = jobs;
  }

  /** How the clones will be made, and the name of the VM. */
  async choose(plan: VmPlan, signal: AbortSignal): Promise<Omit<ChosenWay, 'snapshotClasses'> & { readonly vm: string }> {
    const { by, because } = await this.#choose(plan, signal);
    return { by, because, vm: testName(plan.mapping.targetName) };
  }

  /** Does what is next. @throws MigrationError of the cluster, and where something that the conversion needs is missing */
  async advance(run: TestRun, signal: AbortSignal): Promise<TestStanding> {
    const disks = clonesOf(run.plan);
    const states: CloneState[] = [];
    for (const disk of disks) {
      // The Jobs that made clones do not stay for ever; what a conversion writes to is not made again.
      const state = run.converting ? await this.#made(run, disk, signal) : await this.#clone(run, disk, signal);
      if (state.failure !== undefined) return { holds: false, state: 'failed', failure: state.failure };
      states.push(state);
    }
    const holds = states.some(({ taken }) => !taken);
    if (states.some(({ ready }) => !ready)) return { holds, state: 'cloning' };
    const converted = await convertClones({ ...run, clones: disks.map(cloneOf) }, this.#options, signal);
    if (converted.kind === 'failed') return { holds: false, state: 'failed', failure: converted.error };
    if (converted.kind === 'running') {
      const { doing } = converted;
      return { holds, state: 'converting', ...(doing !== undefined && { doing }) };
    }
    const { manifest } = machineOf(run.plan);
    const clones = new Map(disks.map(({ claim }) => [claim.metadata.name, cloneName(claim.metadata.name)]));
    const name = testName(run.plan.mapping.targetName);
    await this.#make(VIRTUAL_MACHINES, run, name, testMachine(manifest, clones), signal);
    const { outcome } = converted;
    return { holds, state: 'started', ...(outcome && { guest: guestWithin(outcome) }) };
  }

  /** Takes one look at the machine of a test that has started. Undefined while it is not sure whether its guest comes up. */
  async prove(run: WatchedRun, signal: AbortSignal): Promise<ProofStatus | undefined> {
    const { owner, namespace, plan } = run;
    const machine = { namespace, name: testName(plan.mapping.targetName) };
    const look = await this.#watchOf(run, machine).look(signal);
    if (look.kind === 'open') return undefined;
    this.#watched.delete(owner.uid);
    const picture = await keepPicture(look.verdict, { client: this.#client, machine, owner, of: 'test' }, signal);
    return proofWithin(proofFrom(look.verdict, { picture, differences: [] }));
  }

  #watchOf({ owner, plan, since, guest }: WatchedRun, machine: ObjectRef & { readonly namespace: string }): MachineWatch {
    const known = this.#watched.get(owner.uid);
    if (known?.since === since) return known.watch;
    const { deadlineSeconds = DEADLINE_SECONDS } = plan.proof ?? {};
    const about = { client: this.#client, clock: this.#clock, machine, deadlineSeconds };
    // One that the first start is to fetch cannot come: there is no network.
    const agent = hopeOf(guest) === 'present' ? 'present' : 'unknown';
    const watch = new MachineWatch({ ...about, agent, since: this.#clock.now() });
    this.#watched.set(owner.uid, { since, watch });
    return watch;
  }

  /** Removes all that belongs to tests of this VM. Nothing happens where there is none. */
  async end(scope: TestScope, signal: AbortSignal): Promise<void> {
    this.#watched.delete(scope.owner.uid);
    await endTest(this.#client, scope, signal);
  }

  async #choose(plan: VmPlan, signal: AbortSignal): Promise<ChosenWay> {
    const classes = clonesOf(plan).map(({ claim }) => claim.spec.storageClassName ?? '');
    return await chooseWay(this.#client, classes, signal);
  }

  async #clone(run: TestRun, disk: Clone, signal: AbortSignal): Promise<CloneState> {
    const { by, namespace } = run;
    const { claim } = disk;
    const name = cloneName(claim.metadata.name);
    const origin = by === 'copy' ? undefined : ({ kind: 'PersistentVolumeClaim', name: claim.metadata.name } as const);
    if (by === 'snapshot' && !(await this.#snapshot(run, claim, signal))) return { taken: false, ready: false };
    const known = await this.#client.get(CLAIMS, { namespace, name }, { signal });
    // One of an earlier test is about to go.
    if (known?.metadata.deletionTimestamp !== undefined) return { taken: false, ready: false };
    if (known === undefined) {
      const volume = await this.#client.get(CLAIMS, { namespace, name: claim.metadata.name }, { signal });
      const storage = textAt(volume, 'status', 'capacity', 'storage') ?? claim.spec.resources.requests.storage;
      const from = by === 'snapshot' ? ({ kind: 'VolumeSnapshot', name } as const) : origin;
      await this.#make(CLAIMS, run, name, cloneClaim(claim, storage, from), signal);
    }
    const isBound = textAt(known, 'status', 'phase') === 'Bound';
    // Nothing has to be renamed on a device; its first consumer, for which some classes wait, is a conversion or the VM.
    if (by !== 'copy' && disk.block) return { taken: by === 'snapshot' || isBound, ready: true };
    const work = await this.#work(run, disk, signal);
    if (work instanceof MigrationError) return { taken: true, ready: false, failure: work };
    return { taken: by === 'copy' ? work : by === 'snapshot' || isBound, ready: work };
  }

  /** A clone that was complete before. */
  async #made({ by, namespace }: TestRun, { claim }: Clone, signal: AbortSignal): Promise<CloneState> {
    const name = cloneName(claim.metadata.name);
    const known = await this.#client.get(CLAIMS, { namespace, name }, { signal });
    const isThere = known !== undefined && known.metadata.deletionTimestamp === undefined;
    if (isThere) return { taken: by !== 'csi-clone' || textAt(known, 'status', 'phase') === 'Bound', ready: true };
    const failure = new MigrationError('target-changed', `Somebody removed the clone ${name} while its guest was converted.`, {
      hint: 'End the test, and begin another one.',
    });
    return { taken: true, ready: false, failure };
  }

  /** True once it is taken. */
  async #snapshot(run: TestRun, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
    const { namespace } = run;
    const name = cloneName(claim.metadata.name);
    const known = await this.#client.get(SNAPSHOTS, { namespace, name }, { signal });
    if (known !== undefined) return at(known, 'status', 'readyToUse') === true;
    const { snapshotClasses } = await this.#choose(run.plan, signal);
    const volumeSnapshotClassName = snapshotClasses[claim.spec.storageClassName ?? ''];
    const source = { persistentVolumeClaimName: claim.metadata.name };
    await this.#make(
      SNAPSHOTS,
      run,
      name,
      { spec: { ...(volumeSnapshotClassName && { volumeSnapshotClassName }), source } },
      signal,
    );
    return false;
  }

  /** A worker copies the disk, or gives the one that was cloned its name. True when it has; why it could not. */
  async #work(run: TestRun, { disk, claim, block }: Clone, signal: AbortSignal): Promise<boolean | MigrationError> {
    const { owner, namespace, by, since } = run;
    const ref = { namespace, name: workerName(owner, `test ${disk} ${since}`) };
    const state = await this.#jobs.look(ref, signal);
    if (state.kind === 'done') return true;
    if (state.kind === 'failed') return state.error;
    if (state.kind !== 'none') return false;
    const to = { claim: cloneName(claim.metadata.name), block };
    const clone = { to, ...(by === 'copy' && { from: { claim: claim.metadata.name, block } }) };
    const order = { kind: 'clone', block, copies: by === 'copy' } as const;
    await this.#jobs.start({ ...ref, owner, clone, order, labels: { [TEST_OF]: owner.uid } }, signal);
    return false;
  }

  /** Nothing happens where it is there, unless it is somebody else's. @throws MigrationError `target-occupied` */
  async #make(
    type: ResourceType,
    scope: TestScope,
    name: string,
    object: Omit<KubeObject, 'metadata'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { owner, namespace } = scope;
    const known = await this.#client.get(type, { namespace, name }, { signal });
    if (known === undefined) {
      await this.#client.apply(type, { ...object, metadata: metadataOf(owner, namespace, name) }, { signal });
      return;
    }
    const { deletionTimestamp, labels } = known.metadata;
    if (deletionTimestamp !== undefined)
      throw new MigrationError('cluster-busy', `The ${type.kind} ${name} of an earlier test is not gone yet.`);
    if (labels?.[TEST_OF] === owner.uid) return;
    throw new MigrationError('target-occupied', `There is a ${type.kind} ${name} in ${namespace} that no test of this VM made.`);
  }
}

/** `guest` is what was done to it on its clones. */
type WatchedRun = Omit<TestRun, 'by' | 'converting'> & { readonly guest?: GuestStatus };

interface CloneState {
  /** The target may change. */
  readonly taken: boolean;
  /** The clone holds a whole disk under the name that KubeVirt wants, or will before somebody opens it. */
  readonly ready: boolean;
  /** Why it never will. */
  readonly failure?: MigrationError;
}

interface Clone {
  readonly disk: string;
  readonly claim: PersistentVolumeClaim;
  readonly block: boolean;
}

/** A disk that another VM fills is left out: it may be copied to at the moment. */
function clonesOf(plan: VmPlan): readonly Clone[] {
  return ownPlacements(plan).map(({ disk }) => {
    const claim = claimOf(plan, disk);
    return { disk, claim, block: claim.spec.volumeMode === 'Block' };
  });
}

/** The claim that stands for that of a disk. */
function cloneOf({ disk, claim }: Clone): CloneConversion['clones'][number] {
  return { disk, claim: { ...claim, metadata: { ...claim.metadata, name: cloneName(claim.metadata.name) } } };
}
