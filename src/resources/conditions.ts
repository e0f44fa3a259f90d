import type { Condition } from './common.ts';

/** What is judged now; the time of its last change is found by comparing. */
export type Judgement = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** The conditions with this one in place of an earlier one of its type. @param at RFC 3339 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  judgement: Judgement,
  { at, generation }: { readonly at: string; readonly generation: number },
): Condition[] {
  const others = (conditions ?? []).filter(({ type }) => type !== judgement.type);
  const before = (conditions ?? []).find(({ type }) => type === judgement.type);
  const lastTransitionTime = before?.status === judgement.status ? before.lastTransitionTime : at;
  return [...others, { ...judgement, observedGeneration: generation, lastTransitionTime }];
}
