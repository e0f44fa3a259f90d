/** A server with the session that is used at the moment. When one is lost, the first who needs it again logs in for all. */
import type { Clock } from '../../../contracts/clock.ts';
import { MigrationError } from '../../../model/errors.ts';
import { unlessAborted } from '../../cancellation.ts';
import { backoff } from '../range/backoff.ts';
import { nameOf, type SmbAddress } from './connection.ts';
import { SmbLink } from './link.ts';
import type { LoginOptions } from './login.ts';
import { Passing } from './status.ts';
import { Malformed } from './wire/message.ts';

export interface ServerOptions extends LoginOptions {
  readonly clock: Clock;
  /** From 0 to 1, for the jitter of waits. */
  readonly random?: () => number;
  /** Tries of one piece of work that may fail; 8 when absent, which is about half a minute. */
  readonly attempts?: number;
}

const ATTEMPTS = 8;
const HINT = 'Something between here and the server changes its answers, or the server is short of something; check both.';

export class SmbServer {
  readonly #options: ServerOptions;
  readonly #closed = new AbortController();
  #current: Promise<SmbLink> | undefined;
  /** The session that was used last, whatever became of it. */
  #last: SmbLink | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get address(): SmbAddress {
    return this.#options.address;
  }

  get last(): SmbLink | undefined {
    return this.#last;
  }

  /**
   * Does `work` in a session, and again in a new one where the first is lost.
   * @throws MigrationError as `work` does and `logIn`; the signal's reason
   */
  async within<T>(work: (link: SmbLink) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, random = Math.random, attempts = ATTEMPTS } = this.#options;
    for (let failures = 1; ; failures += 1) {
      let link: SmbLink | undefined;
      try {
        link = await this.#link(signal);
        return await work(link);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Passing && error.over) link?.lose(error);
        if (!isPassing(error)) throw error;
        if (failures >= attempts) throw this.#exhausted(error, failures);
      }
      await clock.sleep(backoff(failures, random()), signal);
    }
  }

  /** Ends the session. Nothing may be under way. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('The server is not used any more'));
    const link = await this.#current?.catch(() => undefined);
    if (link?.usable === true) await link.logOff();
  }

  #link(signal: AbortSignal): Promise<SmbLink> {
    if (this.#last?.usable === false) {
      this.#last = undefined;
      this.#current = undefined;
    }
    this.#current ??= this.#open();
    return unlessAborted(this.#current, signal);
  }

  #open(): Promise<SmbLink> {
    const opened = SmbLink.open(this.#options, this.#closed.signal);
    opened.then(
      (link) => {
        this.#last = link;
      },
      () => {
        // A failure is told to those who wait now; who comes later tries again.
        if (this.#current === opened) this.#current = undefined;
      },
    );
    return opened;
  }

  #exhausted(error: Error, tries: number): MigrationError {
    const known = error instanceof MigrationError ? error : undefined;
    const code = known?.code === 'source-unreachable' ? 'source-unreachable' : 'source-read-failed';
    const said =
      known?.message ?? (error instanceof Passing ? error.message : `${nameOf(this.address)} answers oddly: ${error.message}`);
    const after = tries === 1 ? '' : ` (after ${tries} tries)`;
    return new MigrationError(code, `${said}${after}`, {
      file: known?.place.file ?? nameOf(this.address),
      hint: known?.hint ?? HINT,
      cause: error,
    });
  }
}

/** What another session may mend. A login that was refused is not tried again: accounts get locked by that. */
function isPassing(error: unknown): error is Error {
  if (error instanceof Passing || error instanceof Malformed) return true;
  return error instanceof MigrationError && (error.code === 'source-unreachable' || error.code === 'source-answer-broken');
}
