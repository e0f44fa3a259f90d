/** What a display was told already: a VM that waits comes back to the same phase again and again. */
import type { VmProgress } from '../../model/plan.ts';
import type { Outlook } from '../../model/precopy.ts';
import type { Pass } from './display.ts';

export class Told {
  readonly #phases = new Map<string, string>();
  readonly #passes = new Map<string, number>();
  readonly #outlooks = new Map<string, string>();

  isNewPhase({ targetName, phase, since }: VmProgress): boolean {
    const entered = `${phase} ${since}`;
    if (this.#phases.get(targetName) === entered) return false;
    this.#phases.set(targetName, entered);
    this.#outlooks.delete(targetName);
    return true;
  }

  isNewOutlook(targetName: string, outlook: Outlook): boolean {
    const text = JSON.stringify(outlook);
    if (this.#outlooks.get(targetName) === text) return false;
    this.#outlooks.set(targetName, text);
    return true;
  }

  /** Undefined where it was told; those of an earlier run were. */
  nextPass({ targetName, warm }: VmProgress): Pass | undefined {
    const pass = warm?.passes.at(-1);
    const before = warm?.passes.at(-2);
    const told = this.#passes.get(targetName);
    this.#passes.set(targetName, pass?.number ?? 0);
    if (pass === undefined || told === undefined || pass.number <= told) return undefined;
    const seconds = before === undefined ? 0 : (Date.parse(pass.checkpointAt) - Date.parse(before.checkpointAt)) / 1000;
    return { ...pass, ...(seconds > 0 && { changeRate: pass.bytes / seconds }) };
  }
}
