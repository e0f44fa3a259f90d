/** The whole state machine: what follows from an event in a phase. Pure and total. */
import type { GuestOutcome } from '../model/conversion.ts';
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import { isBefore, isTerminal, type Phase, type WorkPhase } from '../model/phase.ts';
import type { Failure, PhaseRecord, StepEvent, VmPlan, VmProgress, WarmProgress } from '../model/plan.ts';
import type { PrecopyPass } from '../model/precopy.ts';
import type { TransferResult } from '../model/transfer.ts';

type Itinerary = Pick<VmPlan, 'itinerary'>;

/** Progress of a VM that has not begun. `at` is ISO 8601. */
export function begin(plan: VmPlan, at: string): VmProgress {
  return {
    vm: plan.vm.ref.id,
    targetName: plan.mapping.targetName,
    type: plan.type,
    phase: plan.itinerary[0] ?? 'Pending',
    since: at,
    history: [],
    transfers: [],
    ...(plan.type === 'warm' && { warm: { id: at, checkpoints: {}, passes: [] } }),
  };
}

/** The progress after `event`, which happened at `at` (ISO 8601). A terminal progress stays as it is, whatever comes. */
export function advance(plan: Itinerary, progress: VmProgress, event: StepEvent, at: string): VmProgress {
  const { phase } = progress;
  if (isTerminal(phase)) return progress;
  switch (event.kind) {
    case 'transferred': {
      const others = progress.transfers.filter(({ job }) => job !== event.result.job);
      return { ...progress, transfers: [...others, event.result] };
    }
    case 'converted':
      return {
        ...progress,
        conversion: event.outcome,
        transfers: progress.transfers.map((each) => resealed(each, event.outcome)),
      };
    case 'boot-watched':
      return { ...progress, proof: event.proof };
    case 'hook-ended':
      return { ...progress, hooks: [...(progress.hooks ?? []), event.result] };
    case 'source-stopping':
      return { ...progress, sourceStopped: true };
    case 'snapshot-held':
      return withWarm(progress, (warm) => ({ ...warm, held: event.held }));
    case 'snapshot-released':
      return withWarm(progress, ({ held: _, ...warm }) =>
        event.checkpoints === undefined ? warm : replaced(warm, event.checkpoints),
      );
    case 'checkpoints-forgotten':
      return withWarm(progress, (warm) => without(warm, event.checkpoints));
    case 'checkpoints-left':
      return withWarm(progress, (warm) => ({ ...warm, left: event.toDo }));
    case 'pass-ended':
      return withWarm(progress, ({ setback: _, ...warm }) => {
        return { ...warm, checkpoints: event.checkpoints, passes: remembered([...warm.passes, event.pass]) };
      });
    case 'replanned':
      return { ...withWarm(afresh(progress), (warm) => replaced(warm, only(warm.checkpoints, event.kept))), transfers: [] };
    case 'target-inspected':
      return { ...progress, sinceCutover: event.disks };
    case 'parked':
      return { ...progress, outlook: event.outlook };
    case 'turned':
      return enter(progress, event.to, { phase, startedAt: progress.since, endedAt: at }, at);
    case 'done':
      return enter(progress, following(plan, progress, phase), { phase, startedAt: progress.since, endedAt: at }, at);
    case 'skipped': {
      const record = { phase, startedAt: progress.since, endedAt: at, skipped: event.because };
      return enter(progress, following(plan, progress, phase), record, at);
    }
    case 'failed': {
      const { kind: _, ...reason } = event;
      return isSetback(progress, event.code) ? setBack(progress, reason, at) : stop(progress, 'Failed', { phase, ...reason }, at);
    }
    case 'canceled': {
      const { kind: _, ...rest } = event;
      return stop(progress, 'Canceled', { phase, ...CANCELED, ...rest }, at);
    }
  }
}

/**
 * A failed or canceled migration goes back to the phase that stopped it. Where the source was started again it ran meanwhile: a cold
 * migration stops it anew and copies again, a warm one goes on with a precopy; so does one that was rolled back. Its checkpoints still count: what
 * a conversion or the VM itself wrote to its disks meanwhile is found by whoever opens them again. Every other one continues where it is.
 */
export function resume(progress: VmProgress, at: string): VmProgress {
  const { failure, sourceStopped, sinceCutover: _, ...rest } = progress;
  if (failure === undefined && progress.phase !== 'RolledBack') return progress;
  const phase = failure?.phase ?? 'RollBack';
  if (failure !== undefined && (failure.source !== 'started-again' || phase === 'RollBack')) {
    // Its VM was stopped where it may have run: it is to be told again to run before anybody looks whether it boots.
    const from = phase === 'Prove' ? 'CreateVm' : phase;
    return { ...rest, ...(sourceStopped !== undefined && { sourceStopped }), phase: from, since: at };
  }
  const again = { ...afresh(rest), transfers: [], since: at };
  if (rest.warm === undefined) return { ...again, phase: 'PowerOffSource' };
  const { setback: _setback, ...warm } = rest.warm;
  return { ...again, warm, phase: 'Snapshot' };
}

/** Somebody wants the source back that a failed or canceled migration left off. Undefined where there is nothing to bring back. */
export function rollBack(progress: VmProgress, at: string): VmProgress | undefined {
  const { failure: _, ...rest } = progress;
  if (progress.phase !== 'Failed' && progress.phase !== 'Canceled') return undefined;
  if (progress.failure?.source === 'started-again' || progress.sourceStopped !== true) return undefined;
  return { ...rest, phase: 'RollBack', since: at };
}

/**
 * A failure now is no end: a precopy that fails leaves everything as it was, and the next one brings what it did not. The same holds for
 * the first copy where trying again may help by itself.
 */
export function isSetback({ warm, phase }: VmProgress, code: ErrorCode): boolean {
  if (warm === undefined || (warm.setback?.count ?? 0) + 1 >= MAX_SETBACKS) return false;
  // A target that is gone is copied anew while the source runs.
  if (phase === 'AwaitCutover') return code === 'target-changed';
  if (phase !== 'Snapshot' && phase !== 'CopyDisks' && phase !== 'CopyDelta') return false;
  return warm.passes.length > 0 || ERROR_CODES[code].disposition === 'retry';
}

const CANCELED = { code: 'canceled', message: 'Canceled on request.', hint: '' } as const;

/** Precopies in a row that may fail before somebody has to look. */
const MAX_SETBACKS = 5;
/** Passes that are remembered beside the full copy. */
const REMEMBERED = 12;

/** Phases that a warm migration goes through again and again: its history tells the last time. */
const ROUND: ReadonlySet<WorkPhase> = new Set(['Snapshot', 'CopyDelta', 'AwaitPrecopy', 'AwaitCutover']);
/** Where a phase leads when it is done, unless that is the next one of the list. */
const JUMPS: Readonly<Partial<Record<WorkPhase, (progress: VmProgress) => Phase>>> = {
  Snapshot: ({ warm }) => (warm === undefined || warm.passes.length === 0 ? 'CopyDisks' : 'CopyDelta'),
  CopyDisks: ({ type }) => (type === 'warm' ? 'AwaitPrecopy' : 'Convert'),
  RollBack: () => 'InspectTarget',
  InspectTarget: () => 'RolledBack',
};

function following({ itinerary }: Itinerary, progress: VmProgress, phase: WorkPhase): Phase {
  const at = itinerary.indexOf(phase);
  return JUMPS[phase]?.(progress) ?? (at < 0 ? rejoined(itinerary, phase) : itinerary[at + 1]) ?? lastOf(itinerary, phase);
}

function lastOf(itinerary: readonly WorkPhase[], phase: WorkPhase): Phase {
  return phase === 'AwaitCommit' || itinerary.includes('AwaitCommit') ? 'Committed' : 'Completed';
}

/** Where a VM goes on whose phase a newer plan leaves out: a group or a commit window that is no more. */
function rejoined(itinerary: readonly WorkPhase[], phase: WorkPhase): WorkPhase | undefined {
  return itinerary.find((each) => isBefore(phase, each));
}

/** The disks are copied again: what was done to them, and seen of them, is gone. */
function afresh<T extends Pick<VmProgress, 'conversion' | 'proof'>>(progress: T): Omit<T, 'conversion' | 'proof'> {
  const { conversion: _conversion, proof: _proof, ...rest } = progress;
  return rest;
}

/** A disk that a conversion changed: whoever looks at it later compares it with what it holds since. */
function resealed(transfer: TransferResult, { disks }: GuestOutcome): TransferResult {
  const { target: _, ...result } = transfer;
  const disk = disks.find((each) => transfer.job.endsWith(`/${each.disk}`));
  if (disk === undefined) return transfer;
  const { proof } = result;
  const root = disk.root ?? proof?.root;
  return {
    ...result,
    ...(proof !== undefined && root !== undefined && { proof: { ...proof, root, copied: proof.copied ?? proof.root } }),
  };
}

function enter({ outlook: _, ...progress }: VmProgress, phase: Phase, record: PhaseRecord, at: string): VmProgress {
  const before = ROUND.has(record.phase) ? progress.history.filter((each) => each.phase !== record.phase) : progress.history;
  return { ...progress, phase, since: at, history: [...before, record] };
}

function stop({ outlook: _, ...progress }: VmProgress, phase: Phase, failure: Failure, at: string): VmProgress {
  return { ...progress, phase, since: at, failure };
}

function setBack(progress: VmProgress, { code, message }: Omit<Failure, 'phase'>, at: string): VmProgress {
  const aside = withWarm(progress, (warm) => {
    return { ...warm, setback: { count: (warm.setback?.count ?? 0) + 1, code, message, at } };
  });
  return { ...aside, phase: 'AwaitPrecopy', since: at };
}

function withWarm(progress: VmProgress, change: (warm: WarmProgress) => WarmProgress): VmProgress {
  return progress.warm === undefined ? progress : { ...progress, warm: change(progress.warm) };
}

/** The full copy, and the latest. */
function remembered(passes: readonly PrecopyPass[]): readonly PrecopyPass[] {
  return passes.length <= REMEMBERED + 1 ? passes : [...passes.slice(0, 1), ...passes.slice(-REMEMBERED)];
}

function only(checkpoints: WarmProgress['checkpoints'], keys: readonly string[]): WarmProgress['checkpoints'] {
  return Object.fromEntries(Object.entries(checkpoints).filter(([key]) => keys.includes(key)));
}

/** With newer checkpoints; those that count no more are kept in mind until the source has let go of them. */
function replaced(warm: WarmProgress, checkpoints: WarmProgress['checkpoints']): WarmProgress {
  const now = new Set(Object.values(checkpoints));
  const before = new Set([...(warm.outdated ?? []), ...Object.values(warm.checkpoints)]);
  const { outdated: _, ...rest } = warm;
  return withOutdated(
    { ...rest, checkpoints },
    [...before].filter((each) => !now.has(each)),
  );
}

function without({ outdated = [], left: _left, ...warm }: WarmProgress, forgotten: readonly string[]): WarmProgress {
  const kept = Object.entries(warm.checkpoints).filter(([, each]) => !forgotten.includes(each));
  const rest = outdated.filter((each) => !forgotten.includes(each));
  return withOutdated({ ...warm, checkpoints: Object.fromEntries(kept) }, rest);
}

function withOutdated(warm: Omit<WarmProgress, 'outdated'>, outdated: readonly string[]): WarmProgress {
  return outdated.length === 0 ? warm : { ...warm, outdated };
}
