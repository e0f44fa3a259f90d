/**
 * The progress of one VM as the status of its VmMigration: kept for whoever goes on with it, and shown to people. The status is written whole and in
 * turn, so that a figure of a transfer never overtakes a phase.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { Store } from '../../contracts/destination.ts';
import type { Observer } from '../../contracts/observer.ts';
import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import { MigrationError } from '../../model/errors.ts';
import { isTerminal, type Phase, type WorkPhase } from '../../model/phase.ts';
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { TransferJob, TransferProgress, TransferResult } from '../../model/transfer.ts';
import { type Judgement, withCondition } from '../../resources/conditions.ts';
import type { VmMigrationStatus } from '../../resources/vm-migration.ts';

type Disk = NonNullable<VmMigrationStatus['disks']>[number];

export interface StatusStoreOptions {
  readonly plan: VmPlan;
  /** As it was stored last. */
  readonly status: VmMigrationStatus;
  readonly generation: number;
  /** Durable when it resolves. */
  readonly write: (status: VmMigrationStatus) => Promise<void>;
  readonly clock: Clock;
  /** Told of every new phase. */
  readonly onPhase: (progress: VmProgress) => void;
  /** Called when figures could not be written; later ones will be. */
  readonly onTrouble: (error: unknown) => void;
}

/** Part of a disk's way between two writes of mere figures: a whole migration may cost the API server 30 writes. */
const FIGURES_EVERY = 0.2;

/** Results of hooks that the definition takes: of the latest tries. */
const MOST_HOOKS = 256;

export class StatusStore implements Store, Observer {
  readonly #options: StatusStoreOptions;
  #status: VmMigrationStatus;
  #writing: Promise<void> = Promise.resolve();
  /** How far each disk was when its figures were written last, by key. */
  readonly #figuresAt = new Map<string, number>();
  /** Why disks do not move, by key; of a hook without one. */
  readonly #waits = new Map<string, string>();

  constructor(options: StatusStoreOptions) {
    this.#options = options;
    this.#status = options.status;
  }

  load(): Promise<VmProgress | undefined> {
    const { plan } = this.#options;
    const { phase, since, history = [], failure, disks = [], sourceStopped, hooks } = this.#status;
    if (phase === undefined || since === undefined) return Promise.resolve(undefined);
    return Promise.resolve({
      vm: plan.vm.ref.id,
      targetName: plan.mapping.targetName,
      type: plan.type,
      phase: knownPhase(phase, plan),
      since,
      history: history.map((record) => ({ ...record, phase: workPhase(record.phase, plan) })),
      transfers: disks.flatMap((disk) => resultOf(disk, plan)),
      ...(hooks !== undefined && { hooks }),
      ...(sourceStopped !== undefined && { sourceStopped }),
      ...(failure !== undefined && {
        failure: { ...failure, phase: workPhase(failure.phase, plan), code: knownCode(failure.code) },
      }),
    });
  }

  async save(progress: VmProgress): Promise<void> {
    const { failure: _failure, waitingFor: _waiting, ...rest } = this.#status;
    const { phase, since, failure, transfers, sourceStopped, hooks } = progress;
    const results = new Map(transfers.map((result) => [result.job, result]));
    const disks = (rest.disks ?? []).map((disk) => finished(disk, results.get(this.#jobOf(disk.disk))));
    const shown = {
      ...{ ...rest, phase, since, history: [...progress.history], disks },
      ...(failure && { failure }),
      ...(hooks && { hooks: hooks.slice(-MOST_HOOKS) }),
      ...(sourceStopped !== undefined && { sourceStopped }),
    };
    this.#status = { ...shown, progress: phase === 'Completed' ? 100 : percent(disks) };
    await this.#judge(readiness(progress));
  }

  /** Says why nothing goes on for the moment. */
  async wait(reason: string, message: string): Promise<void> {
    const waitingFor = message.slice(0, 1024);
    // Said already: trying again is no news.
    if (this.#status.waitingFor === waitingFor) return;
    this.#status = { ...this.#status, waitingFor };
    await this.#judge({ type: 'Ready', status: 'False', reason, message });
  }

  phase(_plan: VmPlan, progress: VmProgress): void {
    this.#options.onPhase(progress);
  }

  transferStarts({ disk }: TransferJob): void {
    this.#change(disk, (known) => ({ ...known, stage: known.stage === 'complete' ? 'complete' : 'copy' }));
  }

  transferMoves({ job, stage, done, total }: TransferProgress): void {
    const disk = (this.#status.disks ?? []).find((known) => this.#jobOf(known.disk) === job);
    if (disk === undefined) return;
    this.#change(disk.disk, (known) => ({ ...known, stage, done: Math.round(done), total: Math.round(total) }));
    // Each disk is gone through twice, to copy and to prove.
    const way = (stage === 'copy' ? 0 : 0.5) + (total === 0 ? 0.5 : (0.5 * done) / total);
    if (Math.abs(way - (this.#figuresAt.get(disk.disk) ?? 0)) < FIGURES_EVERY) return;
    this.#figuresAt.set(disk.disk, way);
    this.#write().catch(this.#options.onTrouble);
  }

  transferWaits({ disk }: TransferJob, because: string | undefined): void {
    this.#waitFor(disk, because);
  }

  hookWaits(because: string | undefined): void {
    this.#waitFor('', because);
  }

  #waitFor(what: string, because: string | undefined): void {
    if (because === undefined) this.#waits.delete(what);
    else this.#waits.set(what, because);
    const [first] = this.#waits.values();
    const { waitingFor: _before, ...rest } = this.#status;
    this.#status = { ...rest, ...(first !== undefined && { waitingFor: `Waiting for ${first}`.slice(0, 1024) }) };
    this.#write().catch(this.#options.onTrouble);
  }

  transferEnds({ disk }: TransferJob, failed?: string): void {
    if (failed !== undefined) this.#change(disk, (known) => ({ ...known, stage: 'failed' }));
  }

  #jobOf(disk: string): string {
    return `${this.#options.plan.mapping.targetName}/${disk}`;
  }

  #change(key: string, change: (disk: Disk) => Disk): void {
    const disks = (this.#status.disks ?? []).map((disk) => (disk.disk === key ? change(disk) : disk));
    this.#status = { ...this.#status, disks, progress: percent(disks) };
  }

  async #judge(judgement: Judgement): Promise<void> {
    const { clock, generation } = this.#options;
    const at = new Date(clock.now()).toISOString();
    const conditions = withCondition(this.#status.conditions, judgement, { at, generation });
    this.#status = { ...this.#status, observedGeneration: generation, conditions };
    await this.#write();
  }

  #write(): Promise<void> {
    // What it is by then, which is never older than what it is now.
    const written = this.#writing.catch(() => undefined).then(() => this.#options.write(this.#status));
    this.#writing = written;
    return written;
  }
}

function readiness({ phase, failure }: VmProgress): Judgement {
  const status = phase === 'Completed' ? 'True' : 'False';
  const words = { Completed: 'The VM is in the cluster.', Canceled: 'Canceled on request.' };
  const message = failure?.message ?? (phase in words ? words[phase as keyof typeof words] : `${phase} is under way.`);
  return { type: 'Ready', status, reason: phase, message };
}

function finished(disk: Disk, result: TransferResult | undefined): Disk {
  if (result === undefined) return disk;
  const { size, moved, allocated, seconds, transport, passes, proof } = result;
  return {
    ...disk,
    capacity: size,
    ...{ moved, allocated, seconds, stage: 'complete', transport: transport.slice(0, 512) },
    ...{ done: allocated, total: allocated },
    ...(passes !== undefined && { passes }),
    ...(proof !== undefined && { root: proof.root, blockSize: proof.blockSize }),
  };
}

/** The result that `finished` wrote; none of a disk that is not complete. */
function resultOf(disk: Disk, { mapping }: VmPlan): readonly TransferResult[] {
  const { stage, capacity: size, moved, allocated, seconds, transport = '', passes, root, blockSize } = disk;
  if (stage !== 'complete' || moved === undefined || allocated === undefined || seconds === undefined) return [];
  const proof =
    root === undefined || blockSize === undefined
      ? {}
      : { proof: { algorithm: 'sha256' as const, blockSize, root, size, allocated } };
  const job = `${mapping.targetName}/${disk.disk}`;
  return [{ job, size, moved, allocated, seconds, transport, ...(passes !== undefined && { passes }), ...proof }];
}

function percent(disks: readonly Disk[]): number {
  const total = disks.reduce((sum, disk) => sum + (disk.total === 0 ? disk.capacity : disk.total), 0);
  const done = disks.reduce((sum, disk) => sum + disk.done, 0);
  return total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total));
}

function knownPhase(text: string, plan: VmPlan): Phase {
  const terminal = (['Completed', 'Failed', 'Canceled'] as const).find((phase) => phase === text);
  return terminal !== undefined && isTerminal(terminal) ? terminal : workPhase(text, plan);
}

function workPhase(text: string, { itinerary }: VmPlan): WorkPhase {
  const found = itinerary.find((phase) => phase === text);
  if (found !== undefined) return found;
  throw new MigrationError('state-unreadable', `The status names a phase ${text}, which this version does not know.`);
}

function knownCode(text: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, text) ? (text as ErrorCode) : 'state-unreadable';
}
