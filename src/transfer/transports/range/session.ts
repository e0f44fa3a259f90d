/** The headers that open a file, shared by all its requests. They are renewed once for all who met a refusal of the same headers. */
import type { HttpHeaders, SourceAccess } from '../../../contracts/source-access.ts';
import { unlessAborted } from '../../cancellation.ts';

export class Session {
  readonly #url: string;
  readonly #access: SourceAccess;
  /** Of the whole reader: a renewal that one read asked for serves others too. */
  readonly #signal: AbortSignal;
  #current: Promise<HttpHeaders> | undefined;

  constructor(url: string, access: SourceAccess, signal: AbortSignal) {
    this.#url = url;
    this.#access = access;
    this.#signal = signal;
  }

  /**
   * @throws MigrationError `source-login-failed`, `source-unreachable`, `source-forbidden`; the signal's reason
   */
  async headers(signal: AbortSignal): Promise<HttpHeaders> {
    this.#current ??= this.#fetch(undefined);
    return await unlessAborted(this.#current, signal);
  }

  /** Headers other than `refused`: those that somebody else has renewed already, or new ones. */
  async renewed(refused: HttpHeaders, signal: AbortSignal): Promise<HttpHeaders> {
    this.#current ??= this.#fetch(refused);
    const looked = this.#current;
    const headers = await unlessAborted(looked, signal);
    if (headers !== refused) return headers;
    // Several lanes arrive here at once: only the first still finds what it looked at.
    if (this.#current === looked) this.#current = this.#fetch(refused);
    return await this.headers(signal);
  }

  #fetch(refused: HttpHeaders | undefined): Promise<HttpHeaders> {
    const fetched = this.#access.headers(this.#url, this.#signal, refused);
    // A failure is told to those who wait now; who comes later tries again.
    fetched.catch(() => {
      if (this.#current === fetched) this.#current = undefined;
    });
    return fetched;
  }
}
