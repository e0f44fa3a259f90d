/** Holds an attempt's end against what struck: an error is right when something that struck may have caused it. */
import assert from 'node:assert/strict';
import { FAULTS, type FaultKind, mayCause } from './faults.ts';
import type { Order, Story } from './story.ts';
import type { End, Struck } from './strike.ts';

/**
 * Orders that have struck, as far as anybody can know.
 * @param before those that struck in the attempt before: a write that was lost unseen is told to whoever opens the device next
 * @throws AssertionError for an end that none of them can have caused
 */
export function blame(
  { end, struck }: Struck,
  { way }: Story,
  { orders, before }: { readonly orders: readonly Order[]; readonly before: readonly Order[] },
): readonly Order[] {
  const possible = orders.filter((order) => struck.has(order) || mayHaveStruck(order, end));
  const lingering = before.filter(({ fault }) => fault === 'target fails');
  const names = [...possible, ...lingering].map(({ fault }) => fault);
  assert.ok(isRight(), `"${told(end)}" after: ${names.join(', ')}`);
  return possible.filter(({ fault }) => fault !== 'target full' || end.kind !== 'done');

  function isRight(): boolean {
    if (end.kind === 'done') return true;
    if (end.kind === 'killed') return names.includes('kill');
    return end.kind === 'failed' && names.some((name) => mayCause(name, way, end.code));
  }
}

/** Those that strike without telling: they are there from the beginning, or make everybody impatient. */
function mayHaveStruck({ fault }: Order, end: End): boolean {
  const { kind }: FaultKind = FAULTS[fault];
  // Nobody knows whether somebody who was killed had come so far.
  if (fault === 'wrong byte kept') return !('flipped' in end) || end.flipped;
  return kind === 'target' || kind === 'library' || fault === 'stall';
}

function told(end: End): string {
  if (end.kind === 'failed') return `${end.code}: ${end.message}`;
  return end.kind === 'bug' ? end.message : end.kind;
}
