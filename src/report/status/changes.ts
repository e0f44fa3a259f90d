/** What happened, a line each, where nothing can be redrawn. */
import { type PlanState, standingOf, type VmState } from '../../model/plan-state.ts';
import { printable } from '../columns.ts';
import { noteOf, stateWord } from './words.ts';

/** Undefined where nothing changed that a person wants to hear of. */
export function planLine(now: PlanState | undefined, before: PlanState | undefined): string | undefined {
  if (now === undefined) return before && printable(`${before.namespace}/${before.name}: deleted`);
  if (now.state === before?.state && now.paused === before?.paused && now.canceled === before?.canceled) return undefined;
  const said = now.state === undefined ? 'new' : `${now.state}${now.message === undefined ? '' : `: ${now.message}`}`;
  return printable(`${now.namespace}/${now.name}: ${said}`);
}

export function vmLine(plan: PlanState, now: VmState | undefined, before: VmState | undefined): string | undefined {
  if (now === undefined) return before && printable(`${before.vm.name}: deleted`);
  const said = [stateWord(now), ...noteOf(plan, now)].join(' ');
  if (before !== undefined && said === [stateWord(before), ...noteOf(plan, before)].join(' ')) return undefined;
  // What waits is many, and says little one by one.
  if (before === undefined && standingOf(now) === 'waiting') return undefined;
  const [note, ...more] = noteOf(plan, now);
  return printable([`${now.vm.name}: ${stateWord(now)}${note ? `: ${note}` : ''}`, ...more].join('; '));
}
