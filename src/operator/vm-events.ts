/** What is told of a VM as Events: what began, what was done, how it ended. A phase in which there was nothing to do is not worth one. Pure. */
import type { BootProof } from '../model/boot-proof.ts';
import type { GuestOutcome } from '../model/conversion.ts';
import type { Phase, WorkPhase } from '../model/phase.ts';
import type { VmProgress } from '../model/plan.ts';
import { sinceCutoverText } from '../model/since-cutover.ts';
import type { EventText } from './services.ts';

const DONE: Readonly<Partial<Record<WorkPhase, readonly [reason: string, note: string]>>> = {
  PowerOffSource: ['SourceStopped', 'The source is off.'],
  CopyDisks: ['DisksCopied', 'All disks are on their claims.'],
  CopyDelta: ['ChangesCopied', 'What had changed is on the claims.'],
  CopyFinalDelta: ['LastChangesCopied', 'The claims hold what the disks held when the source went off.'],
  Convert: ['GuestConverted', ''],
  CreateVm: ['VmCreated', 'The VirtualMachine is made.'],
  Prove: ['BootProven', ''],
  RetireSource: ['SourceRetired', 'The source is renamed, moved or disconnected, as the plan asks.'],
};

const ENDS: Readonly<Partial<Record<Phase, readonly [action: WorkPhase, note: string]>>> = {
  AwaitCommit: ['Prove', 'The VM is in the cluster, and can be taken back until it is committed.'],
  Completed: ['Prove', 'The VM is in the cluster.'],
  Committed: ['AwaitCommit', 'The VM is in the cluster, for good.'],
  RolledBack: ['RollBack', 'The source runs again; the VM in the cluster is stopped and kept.'],
};

/** @param before as it was told last; absent at the beginning of a run, which tells nothing of what was before it */
export function eventsOf(now: VmProgress, before: VmProgress | undefined): readonly EventText[] {
  const texts: EventText[] = [];
  if (before !== undefined) {
    const known = new Set(before.history.map(({ phase, startedAt }) => `${phase} ${startedAt}`));
    // The history of a warm VM forgets the rounds between its copies.
    for (const { phase, skipped, startedAt } of now.history) {
      if (known.has(`${phase} ${startedAt}`)) continue;
      const done = DONE[phase];
      if (done !== undefined && skipped === undefined)
        texts.push({ type: 'Normal', reason: done[0], action: phase, note: NOTES[phase]?.(now) ?? done[1] });
      if (phase === 'RetireSource' && skipped !== undefined)
        texts.push({ type: 'Warning', reason: 'SourceNotRetired', action: phase, note: skipped });
    }
  }
  const { phase, failure, warm, proof } = now;
  const { setback } = warm ?? {};
  if (setback !== undefined && before !== undefined && setback.at !== before.warm?.setback?.at)
    texts.push({ type: 'Warning', reason: 'CopyFailed', action: 'CopyDelta', note: `${setback.message} It is tried again.` });
  if (phase === before?.phase) return texts;
  if (phase === 'CopyDisks' && before !== undefined)
    texts.push({ type: 'Normal', reason: 'CopyingDisks', action: phase, note: 'The disks are being copied.' });
  if (phase === 'Failed' && failure?.phase === 'Prove' && proof?.booted === false)
    texts.push({ type: 'Warning', reason: 'BootNotProven', action: 'Prove', note: notProven(proof) });
  if (phase === 'Failed' && failure !== undefined)
    texts.push({ type: 'Warning', reason: 'Failed', action: failure.phase, note: `${failure.message} ${failure.hint}`.trim() });
  if (phase === 'Canceled')
    texts.push({ type: 'Normal', reason: 'Canceled', action: failure?.phase ?? 'Pending', note: canceledNote(now) });
  const end = ENDS[phase];
  const more = sinceCutoverText(now.sinceCutover ?? []);
  if (end !== undefined) texts.push({ type: 'Normal', reason: phase, action: end[0], note: `${end[1]} ${more}`.trim() });
  return texts;
}

function guestNote({ conversion }: VmProgress): string {
  return conversion === undefined ? 'The guest is prepared for its new home.' : outcomeText(conversion);
}

type Outcome = Pick<GuestOutcome, 'policy' | 'accelerator'> & {
  readonly converter?: string | undefined;
  readonly guest?: string | undefined;
  readonly warnings: readonly unknown[];
  readonly seconds: readonly { readonly seconds: number }[];
};

/** What was done to the guest, and how: emulation takes ten times as long, and whoever wonders finds why. */
export function outcomeText({ policy, accelerator, converter, guest = 'The guest', seconds, warnings }: Outcome): string {
  const took = Math.round(seconds.reduce((sum, phase) => sum + phase.seconds, 0));
  const by = accelerator === 'kvm' ? 'with KVM' : 'with emulation, without KVM';
  const done = policy === 'skip' ? 'was looked into and needs no conversion' : `was converted by ${converter ?? 'the converter'}`;
  const more = warnings.length === 0 ? '' : ` Warnings: ${warnings.length}, in the status.`;
  return `${guest} ${done}: ${took} s ${by}.${more}`;
}

/** Of phases that say what they found. */
const NOTES: Readonly<Partial<Record<WorkPhase, (progress: VmProgress) => string>>> = { Convert: guestNote, Prove: provenNote };

function provenNote({ proof }: VmProgress): string {
  if (proof === undefined) return 'The VM was seen to run.';
  const seen = proof.evidence.map(({ text }) => text).join('; ');
  return `After ${Math.round(proof.seconds)} s: ${seen}.${pictureNote(proof)}`;
}

function notProven({ seconds, trouble, ...proof }: BootProof): string {
  return `Not seen to boot in ${Math.round(seconds)} s: ${trouble?.text ?? 'it gave no sign.'}${pictureNote(proof)}`;
}

function pictureNote({ screenshot }: Pick<BootProof, 'screenshot'>): string {
  return screenshot === undefined ? '' : ` Its screen is in the ConfigMap ${screenshot}.`;
}

function canceledNote({ failure }: VmProgress): string {
  if (failure?.source === 'started-again') return 'Canceled on request; the source was started again.';
  return failure?.source === 'left-off' ? 'Canceled on request; the source is still off.' : 'Canceled on request.';
}
