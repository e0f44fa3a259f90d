/** What scripts say went wrong, in the words of everybody else. */
import type { ErrorCode } from '../../src/model/error-codes.ts';
import { type ErrorPlace, MigrationError } from '../../src/model/errors.ts';
import { ScriptFailed } from './scripts/answer.ts';

const CODES: Readonly<Record<ScriptFailed['code'], ErrorCode>> = {
  failed: 'source-refused',
  'vm-not-found': 'vm-not-found',
  'vm-elsewhere': 'source-busy',
  'access-denied': 'source-forbidden',
  'checkpoint-not-found': 'snapshot-failed',
  'job-failed': 'source-refused',
  'tracking-unknown': 'change-tracking-reset',
  'tracking-unavailable': 'change-tracking-unavailable',
  'guest-not-reachable': 'guest-not-reachable',
  busy: 'source-busy',
  'module-missing': 'source-refused',
};

const HINTS: Partial<Readonly<Record<ScriptFailed['code'], string>>> = {
  'vm-elsewhere': 'Another node of the cluster has it. Run again when its move has ended, or name that node in the URL.',
  'access-denied':
    'Put the account into the groups Hyper-V Administrators and Remote Management Users of each node, or Administrators; `kubeferry doctor SOURCE` tells what is missing.',
  'module-missing': 'Install the Hyper-V module for Windows PowerShell on the host (feature Hyper-V-PowerShell).',
};

export interface About extends ErrorPlace {
  /** What could not be done; the host's own words follow. */
  readonly what: string;
  /** Instead of the usual ones. */
  readonly codes?: Partial<Readonly<Record<ScriptFailed['code'], ErrorCode>>>;
}

/** The error of a script as a MigrationError; others as they are. */
export function explain(error: unknown, { what, codes, ...place }: About): unknown {
  if (!(error instanceof ScriptFailed)) return error;
  const said = error.message.trim().replace(/\.$/, '');
  const hint = HINTS[error.code];
  return new MigrationError(codes?.[error.code] ?? CODES[error.code], `${what}: ${said}.`, {
    ...place,
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

export function failedWith(error: unknown, ...codes: readonly ScriptFailed['code'][]): error is ScriptFailed {
  return error instanceof ScriptFailed && codes.includes(error.code);
}
