/** The one way over which everything goes to a vSphere server: pooled, pinned, with the session's cookie, never redirected. */
import { type Dispatcher, Pool } from 'undici';
import type { Trust } from '../../src/contracts/credentials.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { createConnector } from '../../src/net/trust.ts';
import type { Address } from './address.ts';
import { networkError } from './network-error.ts';

/** Longest silence before and inside an answer. Large pages of a busy vCenter take their time. */
const SILENCE_MS = 120_000;
const CONNECTIONS = 6;

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Begins with a slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Longest silence in milliseconds, where the server is asked to wait. */
  readonly patience?: number;
  /** The request has a session of its own: the SOAP one is not sent along. */
  readonly apart?: boolean;
}

export type HttpAnswer = Dispatcher.ResponseData;

export class Http implements AsyncDisposable {
  readonly host: string;
  readonly #pool: Pool;
  /** `name=value` of the SOAP session; a header to the same server and to no other. */
  #cookie: string | undefined;
  #thumbprint: string | undefined;

  /** @param silence longest silence in milliseconds where a request does not say */
  constructor(address: Address, trust: Trust | undefined, silence = SILENCE_MS) {
    this.host = address.host;
    this.#pool = new Pool(address.origin, {
      connect: createConnector(trust, {
        seen: ({ fingerprint }) => {
          this.#thumbprint = fingerprint;
        },
      }),
      connections: CONNECTIONS,
      pipelining: 1,
      headersTimeout: silence,
      bodyTimeout: silence,
    });
  }

  /** @throws MigrationError `source-unreachable`, `source-untrusted`, `source-answer-broken`; the signal's reason */
  async request({ method, path, headers, body, patience, apart = false }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    signal.throwIfAborted();
    try {
      const answer = await this.#pool.request({
        method,
        path,
        signal,
        headers: { ...headers, ...(this.#cookie !== undefined && !apart && { cookie: this.#cookie }) },
        ...(body !== undefined && { body }),
        ...(patience !== undefined && { headersTimeout: patience, bodyTimeout: patience }),
      });
      if (!apart) this.#keepCookie(answer.headers['set-cookie']);
      return answer;
    } catch (error) {
      throw networkError(error, this.host, signal);
    }
  }

  /** The body piece by piece, as fast as it is asked for. */
  async *bytes(answer: HttpAnswer, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of answer.body) yield piece;
    } catch (error) {
      throw networkError(error, this.host, signal);
    }
  }

  /** The whole body. @throws MigrationError `source-answer-broken` when it is longer than `most` characters */
  async read(answer: HttpAnswer, signal: AbortSignal, most: number): Promise<string> {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let text = '';
    try {
      for await (const piece of this.bytes(answer, signal)) {
        text += decoder.decode(piece, { stream: true });
        if (text.length > most) throw new MigrationError('source-answer-broken', `The answer of ${this.host} is too large`);
      }
      return text + decoder.decode();
    } catch (error) {
      if (error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
        throw new MigrationError('source-answer-broken', `The answer of ${this.host} is no UTF-8`, { cause: error });
      }
      throw error;
    }
  }

  /** Reads what is left of a body that nobody wants, so that the connection can be used again; a long one is cut off. */
  async discard(answer: HttpAnswer): Promise<void> {
    await answer.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
  }

  /** `name=value`, for other ways to the same server. Never to be logged. */
  get cookie(): string | undefined {
    return this.#cookie;
  }

  /** SHA-1 with colons of the certificate that the server showed last, after it was found to be trusted. */
  get thumbprint(): string | undefined {
    return this.#thumbprint;
  }

  /** True when the server has given a session, whether or not its login was heard to the end. */
  get hasSession(): boolean {
    return this.#cookie !== undefined;
  }

  forgetSession(): void {
    this.#cookie = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cookie = undefined;
    await this.#pool.destroy();
  }

  #keepCookie(header: string | readonly string[] | undefined): void {
    for (const cookie of header === undefined ? [] : [header].flat()) {
      const pair = cookie.split(';', 1)[0]?.trim();
      if (pair?.startsWith('vmware_soap_session=')) this.#cookie = pair;
    }
  }
}
