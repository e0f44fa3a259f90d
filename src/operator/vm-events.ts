/** What is told of a VM as Events: what began, what was done, how it ended. A phase in which there was nothing to do is not worth one. Pure. */
import type { WorkPhase } from '../model/phase.ts';
import type { VmProgress } from '../model/plan.ts';
import type { EventText } from './services.ts';

const DONE: Readonly<Partial<Record<WorkPhase, readonly [reason: string, note: string]>>> = {
  PowerOffSource: ['SourceStopped', 'The source is off.'],
  CopyDisks: ['DisksCopied', 'All disks are on their claims.'],
  Convert: ['GuestConverted', 'The guest is prepared for its new home.'],
  CreateVm: ['VmCreated', 'The VirtualMachine is made.'],
  Prove: ['VmProven', 'The VM was seen to run.'],
};

/** @param before as it was told last; absent at the beginning of a run, which tells nothing of what was before it */
export function eventsOf(now: VmProgress, before: VmProgress | undefined): readonly EventText[] {
  const texts: EventText[] = [];
  if (before !== undefined) {
    for (const { phase, skipped } of now.history.slice(before.history.length)) {
      const done = DONE[phase];
      if (done !== undefined && skipped === undefined)
        texts.push({ type: 'Normal', reason: done[0], action: phase, note: done[1] });
    }
  }
  const { phase, failure } = now;
  if (phase === before?.phase) return texts;
  if (phase === 'CopyDisks' && before !== undefined)
    texts.push({ type: 'Normal', reason: 'CopyingDisks', action: phase, note: 'The disks are being copied.' });
  if (phase === 'Failed' && failure !== undefined)
    texts.push({ type: 'Warning', reason: 'Failed', action: failure.phase, note: `${failure.message} ${failure.hint}`.trim() });
  if (phase === 'Canceled')
    texts.push({ type: 'Normal', reason: 'Canceled', action: failure?.phase ?? 'Pending', note: canceledNote(now) });
  if (phase === 'Completed')
    texts.push({ type: 'Normal', reason: 'Completed', action: 'Prove', note: 'The VM is in the cluster.' });
  return texts;
}

function canceledNote({ failure }: VmProgress): string {
  if (failure?.source === 'started-again') return 'Canceled on request; the source was started again.';
  return failure?.source === 'left-off' ? 'Canceled on request; the source is still off.' : 'Canceled on request.';
}
