/** Brings one run of bytes, with as many tries as that takes within reason: what can be mended is mended here, and nowhere else. */
import type { Clock } from '../../../contracts/clock.ts';
import type { HttpHeaders } from '../../../contracts/source-access.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { RangeSource } from '../../../model/transfer.ts';
import { type Bytes, KiB } from '../../../model/units.ts';
import type { Origin } from '../http/origins.ts';
import { judgeAnswer, type Verdict } from './answer.ts';
import { backoff, retryAfter } from './backoff.ts';
import type { Session } from './session.ts';

export interface FetcherOptions {
  readonly source: RangeSource;
  readonly origin: Origin;
  readonly session: Session;
  readonly clock: Clock;
  readonly random: () => number;
  readonly attempts: number;
}

/** A try that brought this much is no failure, so that a server that cuts every answer is read nevertheless. */
const WORTHWHILE = 64 * KiB;
/** Renewed headers that are refused too are no matter of an old session. */
const MOST_REFUSALS = 2;

/** What is still missing begins at `offset + done`. */
interface Task {
  readonly offset: Bytes;
  readonly into: Uint8Array;
  done: Bytes;
}

/** `cut`: the connection failed, before or in the middle of an answer. */
type Outcome = Verdict | { readonly kind: 'cut'; readonly error: MigrationError };
type Failure = Exclude<Outcome, { readonly kind: 'range' | 'fatal' | 'login' }>;

export class RangeFetcher {
  readonly #options: FetcherOptions;
  readonly #path: string;
  #mark: string | undefined;
  /** A range has come as it should: what is odd afterwards is a disturbance. */
  #proven = false;

  constructor(options: FetcherOptions) {
    const { pathname, search } = new URL(options.source.url);
    this.#options = options;
    this.#path = `${pathname}${search}`;
    this.#mark = options.source.mark;
  }

  /** @throws MigrationError as `openRange` says; the signal's reason */
  async fetch(offset: Bytes, into: Uint8Array, signal: AbortSignal): Promise<void> {
    const { session, attempts } = this.#options;
    const task: Task = { offset, into, done: 0 };
    let headers = await session.headers(signal);
    for (let [failures, refusals] = [0, 0]; task.done < into.length; ) {
      const before = task.done;
      const outcome = await this.#try(task, headers, signal);
      if (outcome.kind === 'range') continue;
      if (outcome.kind === 'fatal') throw outcome.error;
      if (outcome.kind === 'login') {
        refusals += 1;
        if (refusals >= MOST_REFUSALS) throw this.#refused(outcome.status);
        headers = await session.renewed(headers, signal);
        continue;
      }
      if (outcome.kind === 'broken' && !this.#proven) throw outcome.error;
      failures = task.done - before >= WORTHWHILE ? 1 : failures + 1;
      if (failures >= attempts) throw this.#exhausted(outcome, failures);
      await this.#pause(outcome, failures, signal);
    }
    this.#proven = true;
  }

  async #try(task: Task, headers: HttpHeaders, signal: AbortSignal): Promise<Outcome> {
    const { source, origin } = this.#options;
    const offset = task.offset + task.done;
    const length = task.into.length - task.done;
    let verdict: Verdict | undefined;
    const request = {
      path: this.#path,
      headers: { ...headers, range: `bytes=${offset}-${offset + length - 1}`, 'accept-encoding': 'identity' },
      onHead: (head: Parameters<typeof judgeAnswer>[0]): Uint8Array | undefined => {
        verdict = judgeAnswer(head, { url: source.url, offset, length, total: source.capacity, mark: this.#mark });
        if (verdict.kind !== 'range') return undefined;
        this.#mark ??= verdict.mark;
        return task.into.subarray(task.done);
      },
      onBytes: (count: number) => {
        task.done += count;
      },
    };
    try {
      await origin.get(request, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof MigrationError) || error.code === 'source-untrusted' || error.code === 'usage') throw error;
      return { kind: 'cut', error };
    }
    if (verdict === undefined) throw new Error('An answer came without a head');
    return verdict;
  }

  async #pause(failure: Failure, failures: number, signal: AbortSignal): Promise<void> {
    const { origin, clock, random } = this.#options;
    let asked = 0;
    if (failure.kind === 'busy') {
      asked = retryAfter(failure.retryAfter, clock.now());
      if (failure.overload) origin.refused(asked);
    }
    await clock.sleep(Math.max(asked, backoff(failures, random())), signal);
  }

  #refused(status: 401 | 403): MigrationError {
    const file = this.#options.source.url;
    return status === 401
      ? new MigrationError('source-login-failed', 'The server does not take the session, not even a new one (HTTP 401).', {
          file,
        })
      : new MigrationError('source-forbidden', 'The server does not let this account read the file (HTTP 403).', { file });
  }

  #exhausted(failure: Failure, failures: number): MigrationError {
    const file = this.#options.source.url;
    const tries = failures === 1 ? 'one try' : `${failures} tries`;
    if (failure.kind === 'busy') {
      return new MigrationError('source-read-failed', `The server answered with HTTP ${failure.status} after ${tries}.`, {
        file,
      });
    }
    const { error } = failure;
    const code = error.code === 'source-unreachable' ? error.code : 'source-read-failed';
    return new MigrationError(code, `${error.message} (after ${tries})`, { file, hint: error.hint, cause: error });
  }
}
