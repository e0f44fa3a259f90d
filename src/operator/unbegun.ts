/** The status of a VM that has not begun: why it waits, or why it never will. Pure. */
import { ERROR_CODES } from '../model/error-codes.ts';
import { withCondition } from '../resources/conditions.ts';
import type { VmMigrationStatus } from '../resources/vm-migration.ts';
import type { VmResource } from './services.ts';

/** @param at RFC 3339 */
export function withWait({ status, generation }: VmResource, text: string, at: string): VmMigrationStatus {
  const judgement = { type: 'Ready', status: 'False', reason: 'Waiting', message: text } as const;
  const conditions = withCondition(status?.conditions, judgement, { at, generation });
  return { ...status, waitingFor: text.slice(0, 1024), conditions };
}

/** @param at RFC 3339 */
export function endedBeforeItBegan(
  { status, generation, spec }: VmResource,
  why: 'cancel' | 'expire',
  at: string,
): VmMigrationStatus {
  const { waitingFor: _waiting, ...rest } = status ?? {};
  const [phase, code, message] =
    why === 'cancel'
      ? (['Canceled', 'canceled', 'Canceled on request before it began.'] as const)
      : (['Failed', 'deadline-passed', 'It had not begun when the deadline of its plan passed.'] as const);
  const conditions = withCondition(
    status?.conditions,
    { type: 'Ready', status: 'False', reason: phase, message },
    { at, generation },
  );
  const failure = { phase: 'Pending', code, message, hint: why === 'cancel' ? '' : ERROR_CODES[code].advice };
  return { ...rest, observedGeneration: generation, phase, since: at, history: [], failure, conditions, retried: spec.retry };
}
