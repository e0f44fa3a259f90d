/** How cancellation and failures of this room are told apart. */
import { MigrationError } from '../model/errors.ts';

/** The error of every piece of work that was stopped by its signal. */
export function canceled(signal: AbortSignal): MigrationError {
  return new MigrationError('canceled', 'The transfer was canceled.', { cause: signal.reason });
}

/** @throws MigrationError `canceled` when the signal has aborted */
export function checkCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw canceled(signal);
}

/** The `code` of a Node.js system error (`ENOSPC`), undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof MigrationError) return undefined;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** As Promise.all, but nothing runs any more when it settles: what the work uses is free again. The first failure in order is thrown. */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(work);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** What a promise gives, unless the signal aborts first: then its reason is thrown, and the work goes on for others. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
