import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import type { Condition } from '../resources/common.ts';

interface Judged {
  readonly conditions?: readonly Condition[];
}

/** The error code that the condition Ready gives as its reason (`SourceLoginFailed`, for `source-login-failed`); undefined for other reasons. */
export function troubleIn(status: Judged | undefined): ErrorCode | undefined {
  const ready = conditionOf(status, 'Ready');
  if (ready?.status !== 'False') return undefined;
  const code = ready.reason.replaceAll(/[A-Z]/g, (letter, at: number) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`);
  return Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : undefined;
}

export function conditionOf(status: Judged | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((known) => known.type === type);
}
