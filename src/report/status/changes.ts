/** What happened, a line each, where nothing can be redrawn. */
import { type PlanState, standingOf, type VmState } from '../../model/plan-state.ts';
import { printable } from '../columns.ts';
import { noteOf, stateWord, troubleOf } from './words.ts';

/** Undefined where nothing changed that a person wants to hear of. */
export function planLine(now: PlanState | undefined, before: PlanState | undefined): string | undefined {
  if (now === undefined) return before && printable(`${before.namespace}/${before.name}: deleted`);
  if (now.state === before?.state && now.paused === before?.paused && now.canceled === before?.canceled) return undefined;
  const said = now.state === undefined ? 'new' : `${now.state}${now.message === undefined ? '' : `: ${now.message}`}`;
  return printable(`${now.namespace}/${now.name}: ${said}`);
}

export function vmLine(plan: PlanState, now: VmState | undefined, before: VmState | undefined): string | undefined {
  if (now === undefined) return before && printable(`${before.vm.name}: deleted`);
  const said = saidOf(plan, now);
  if (before !== undefined && said === saidOf(plan, before)) return undefined;
  // What waits is many, and says little one by one.
  if (before === undefined && standingOf(now) === 'waiting') return undefined;
  return printable(`${now.vm.name}: ${said}`);
}

function saidOf(plan: PlanState, vm: VmState): string {
  const more = [noteOf(plan, vm), ...troubleOf(vm)].filter((text) => text !== '').join('; ');
  return more === '' ? stateWord(vm) : `${stateWord(vm)}: ${more}`;
}
