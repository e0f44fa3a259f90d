/**
 * The progress of one VM as the status of its VmMigration: kept for whoever goes on with it, and shown to people. The status is written whole and in
 * turn, so that a figure of a transfer never overtakes a phase.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { Store } from '../../contracts/destination.ts';
import type { Observer } from '../../contracts/observer.ts';
import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import { MigrationError } from '../../model/errors.ts';
import { isMigrated, type Phase, TERMINAL_PHASES, WORK_PHASES, type WorkPhase } from '../../model/phase.ts';
import type { VmPlan, VmProgress, WarmProgress } from '../../model/plan.ts';
import { type SinceCutover, sinceCutoverText } from '../../model/since-cutover.ts';
import type { TransferJob, TransferProgress } from '../../model/transfer.ts';
import { type Judgement, withCondition } from '../../resources/conditions.ts';
import { begun, type DiskStatus, replannedDisks, resultOf, withResult } from '../../resources/disk-status.ts';
import type { VmMigrationStatus } from '../../resources/vm-migration.ts';
import { downtimeStatus, failureWithin, guestWithin, outcomeOf, outlookWithin, warmWithin } from './progress-status.ts';
import { proofOf, proofWithin } from './proof-status.ts';

export interface StatusStoreOptions {
  readonly plan: VmPlan;
  /** As it was stored last. */
  readonly status: VmMigrationStatus;
  readonly generation: number;
  /** What is shown beside the progress and made from it. */
  readonly beside?: (progress: VmProgress) => BesideProgress;
  /** Durable when it resolves. */
  readonly write: (status: VmMigrationStatus) => Promise<void>;
  readonly clock: Clock;
  /** Told of every new phase. */
  readonly onPhase: (progress: VmProgress) => void;
  /** Called when figures could not be written; later ones will be. */
  readonly onTrouble: (error: unknown) => void;
}

export interface BesideProgress {
  /** Digest of the wishes that the VM was looked at by. */
  readonly wished?: string;
  /** Seconds of a downtime that is over. */
  readonly downtime?: number;
}

/** Part of a disk's way between two writes of mere figures: a whole migration may cost the API server 30 writes. */
const FIGURES_EVERY = 0.2;

/** Milliseconds between two writes of what is done to a guest, which changes every few seconds for minutes. */
const DOING_EVERY = 10_000;

/** Results of hooks that the definition takes: of the latest tries. */
const MOST_HOOKS = 256;

export class StatusStore implements Store, Observer {
  readonly #options: StatusStoreOptions;
  #plan: VmPlan;
  #status: VmMigrationStatus;
  #writing: Promise<void> = Promise.resolve();
  /** How far each disk was when its figures were written last, by key. */
  readonly #figuresAt = new Map<string, number>();
  /** When it was written last what is done to the guest. */
  #doingAt = Number.NEGATIVE_INFINITY;
  /** Why disks do not move, by key; of a hook and of a guest without one. */
  readonly #waits = new Map<string, string>();

  constructor(options: StatusStoreOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.#status = options.status;
    this.replanned(options.plan);
  }

  /** The VM goes on by this plan. */
  replanned(plan: VmPlan): void {
    this.#plan = plan;
    this.#status = { ...this.#status, disks: [...replannedDisks(plan, this.#status.disks ?? [])] };
  }

  load(): Promise<VmProgress | undefined> {
    const plan = this.#plan;
    const { proof } = this.#status;
    const { phase, since, history = [], failure, disks = [], sourceStopped, hooks, guest, warm, outlook } = this.#status;
    if (phase === undefined || since === undefined) return Promise.resolve(undefined);
    return Promise.resolve({
      vm: plan.vm.ref.id,
      targetName: plan.mapping.targetName,
      type: plan.type,
      phase: knownPhase(phase),
      since,
      history: history.map((record) => ({ ...record, phase: workPhase(record.phase) })),
      transfers: disks.flatMap((disk) => resultOf(disk, this.#jobOf(disk.disk)) ?? []),
      ...(hooks !== undefined && { hooks }),
      ...(disks.some(({ sinceCutover }) => sinceCutover !== undefined) && { sinceCutover: disks.flatMap(inspected) }),
      ...(sourceStopped !== undefined && { sourceStopped }),
      ...(failure !== undefined && {
        failure: { ...failure, phase: workPhase(failure.phase), code: knownCode(failure.code) },
      }),
      ...(guest !== undefined && { conversion: outcomeOf(guest) }),
      ...(warm !== undefined && { warm: warmOf(warm) }),
      ...(proof !== undefined && { proof: proofOf(proof) }),
      ...(outlook !== undefined && { outlook }),
    });
  }

  async save(progress: VmProgress): Promise<void> {
    const { failure: _failure, waitingFor: _waiting, warm: _warm, proof: _proof, ...known } = this.#status;
    const { outlook: _outlook, outlookFor: _for, sourceStopped: _stopped, hooks: _hooks, ...others } = known;
    const { guest: _guest, doing: _doing, ...rest } = others;
    const { phase, since, failure, transfers, sourceStopped, hooks, conversion, warm, outlook } = progress;
    const { proof } = progress;
    const results = new Map(transfers.map((result) => [result.job, result]));
    const looks = new Map(progress.sinceCutover?.map(({ disk, content }) => [disk, content]));
    const disks = (rest.disks ?? []).map((disk) => {
      return withLook(withResult(disk, results.get(this.#jobOf(disk.disk))), looks.get(disk.disk));
    });
    const { wished, downtime: actual } = this.#options.beside?.(progress) ?? {};
    const downtime = downtimeStatus(rest.downtime, { forecast: outlook?.downtime, actual });
    const shown: VmMigrationStatus = {
      ...{ ...rest, phase, since, history: [...progress.history], disks },
      ...(failure && { failure: failureWithin(failure) }),
      ...(hooks && { hooks: hooks.slice(-MOST_HOOKS) }),
      ...(sourceStopped !== undefined && { sourceStopped }),
      ...(conversion && { guest: guestWithin(conversion) }),
      ...(warm && { warm: warmWithin(warm) }),
      ...(proof && { proof: proofWithin(proof) }),
      ...(outlook && { outlook: outlookWithin(outlook), ...(wished !== undefined && { outlookFor: wished }) }),
      ...(downtime && { downtime }),
    };
    this.#status = { ...shown, progress: isMigrated(phase) ? 100 : percent(disks) };
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

  transferStarts({ disk, delta, staysOpen }: TransferJob): void {
    const isPass = delta !== undefined || staysOpen === true;
    // What an earlier run of a cold migration completed is not copied again.
    this.#change(disk, (known) => (isPass || known.stage !== 'complete' ? begun(known) : known));
    this.#figuresAt.delete(disk);
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

  transferWaits({ disk }: Pick<TransferJob, 'disk'>, because: string | undefined): void {
    this.#waitFor(disk, because);
  }

  hookWaits(because: string | undefined): void {
    this.#waitFor('', because);
  }

  guestWork(_plan: VmPlan, text: string): void {
    const now = this.#options.clock.now();
    const doing = text.slice(0, 256);
    if (this.#status.doing === doing || now - this.#doingAt < DOING_EVERY) return;
    this.#doingAt = now;
    this.#status = { ...this.#status, doing };
    const { phase = '' } = this.#status;
    this.#judge({ type: 'Ready', status: 'False', reason: phase, message: `${phase}: ${doing}` }).catch(this.#options.onTrouble);
  }

  guestWaits(_plan: VmPlan, because: string | undefined): void {
    this.#waitFor('guest', because);
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
    return `${this.#plan.mapping.targetName}/${disk}`;
  }

  #change(key: string, change: (disk: DiskStatus) => DiskStatus): void {
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

const WORDS: Readonly<Partial<Record<Phase, string>>> = {
  Completed: 'The VM is in the cluster.',
  Committed: 'The VM is in the cluster, for good.',
  RolledBack: 'The source runs again; the VM in the cluster is stopped and kept.',
  Canceled: 'Canceled on request.',
};

function readiness({ phase, failure, outlook, sinceCutover = [] }: VmProgress): Judgement {
  const status = isMigrated(phase) ? 'True' : 'False';
  const waits = outlook === undefined ? undefined : `${phase}: it waits, because ${outlook.because}.`;
  const told = WORDS[phase] && `${WORDS[phase]} ${sinceCutoverText(sinceCutover)}`.trim();
  return { type: 'Ready', status, reason: phase, message: failure?.message ?? told ?? waits ?? `${phase} is under way.` };
}

function withLook({ sinceCutover: _, ...disk }: DiskStatus, content: SinceCutover['content'] | undefined): DiskStatus {
  return { ...disk, ...(content !== undefined && { sinceCutover: content }) };
}

function inspected({ disk, sinceCutover: content }: DiskStatus): readonly SinceCutover[] {
  return content === undefined ? [] : [{ disk, content }];
}

function percent(disks: readonly DiskStatus[]): number {
  const total = disks.reduce((sum, disk) => sum + (disk.total === 0 ? disk.capacity : disk.total), 0);
  const done = disks.reduce((sum, disk) => sum + disk.done, 0);
  return total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total));
}

function knownPhase(text: string): Phase {
  return TERMINAL_PHASES.find((phase) => phase === text) ?? workPhase(text);
}

function workPhase(text: string): WorkPhase {
  const found = WORK_PHASES.find((phase) => phase === text);
  if (found !== undefined) return found;
  throw new MigrationError('state-unreadable', `The status names a phase ${text}, which this version does not know.`);
}

/** A code that a later version wrote is no reason to lose what was done. */
function knownCode(text: string): ErrorCode {
  return Object.hasOwn(ERROR_CODES, text) ? (text as ErrorCode) : 'state-unreadable';
}

function warmOf(warm: NonNullable<VmMigrationStatus['warm']>): WarmProgress {
  const { setback, ...rest } = warm;
  return { ...rest, ...(setback && { setback: { ...setback, code: knownCode(setback.code) } }) };
}
