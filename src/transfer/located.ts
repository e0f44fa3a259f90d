/** The last touch on an error before it leaves this room. */
import { MigrationError } from '../model/errors.ts';
import type { TransferJob } from '../model/transfer.ts';
import { canceled, systemCode } from './cancellation.ts';

/**
 * Adds VM and disk to what went wrong. What the system says unasked is about the source: the target's errors are caught where
 * it is written. Whatever happens after the signal is the cancellation.
 */
export function located(error: unknown, job: Pick<TransferJob, 'vm' | 'disk'>, signal: AbortSignal): unknown {
  const known = signal.aborted ? canceled(signal) : readable(error);
  if (!(known instanceof MigrationError)) return known;
  const { code, message, hint, cause, place } = known;
  return new MigrationError(code, message, { ...place, vm: job.vm, disk: job.disk, hint, cause });
}

function readable(error: unknown): unknown {
  const code = systemCode(error);
  if (!(error instanceof Error) || code === undefined || code.startsWith('ERR_')) return error;
  const file = 'path' in error && typeof error.path === 'string' ? { file: error.path } : {};
  return new MigrationError('source-read-failed', `The source cannot be read (${code}).`, { ...file, cause: error });
}
