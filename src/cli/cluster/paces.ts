/** How fast the bytes of VMs come, from what is told of them every few seconds. */
import { standingOf, type VmState } from '../../model/plan-state.ts';
import type { VmView } from '../../report/index.ts';
import { Rate } from '../rate.ts';

/** What has told nothing for so long has no rate that could be promised. */
const STALE_MS = 20_000;

interface Followed {
  stage: string | undefined;
  rate: Rate;
  at: number;
}

export class Paces {
  readonly #followed = new Map<string, Followed>();

  /** @param now milliseconds since the epoch */
  note(vm: VmState, now: number): void {
    const known = this.#followed.get(vm.uid);
    if (standingOf(vm) !== 'running') {
      this.#followed.delete(vm.uid);
      return;
    }
    const followed =
      known !== undefined && known.stage === stageOf(vm) ? known : { stage: stageOf(vm), rate: new Rate(), at: now };
    followed.rate.note(vm.done, now);
    followed.at = now;
    this.#followed.set(vm.uid, followed);
  }

  view(vm: VmState, now: number): VmView {
    const known = this.#followed.get(vm.uid);
    if (known === undefined || now - known.at > STALE_MS) return paced(vm, now);
    const { bytesPerSecond } = known.rate;
    return bytesPerSecond === undefined ? paced(vm, now) : shown(vm, bytesPerSecond);
  }
}

/** From a single look: the average since the phase began. Nothing where the VM does not move bytes. */
export function paced(vm: VmState, now: number): VmView {
  const { phase, stage, since, done } = vm;
  if (phase !== 'CopyDisks' || stage !== 'copy' || since === undefined) return { vm };
  const seconds = (now - Date.parse(since)) / 1000;
  return seconds < 1 ? { vm } : shown(vm, done / seconds);
}

function shown(vm: VmState, bytesPerSecond: number): VmView {
  if (bytesPerSecond < 1 || vm.done >= vm.total) return { vm };
  return { vm, bytesPerSecond, secondsLeft: (vm.total - vm.done) / bytesPerSecond };
}

function stageOf({ phase, stage }: VmState): string {
  return `${phase} ${stage}`;
}
