/**
 * One HTTPS download of unknown length as a stream of chunks, to a server that is trusted in our way. Chunked bodies, bodies that end with
 * the connection, and silence are what servers that compress on the fly do; a body that was announced longer than it came is an error.
 */
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Trust } from '../../../contracts/credentials.ts';
import type { HttpHeaders } from '../../../contracts/source-access.ts';
import { MigrationError } from '../../../model/errors.ts';
import { networkTrouble } from '../../../model/network-trouble.ts';
import { judgePeer, trustedConnection } from '../../../net/trust.ts';
import { canceled, checkCanceled } from '../../cancellation.ts';

export interface DownloadOptions {
  readonly trust: Trust;
  readonly headers: HttpHeaders;
  /** Longest silence in milliseconds while we are waiting. How long we take ourselves does not count. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** The server did not let us in (401, 403); with these headers. */
export class Refused extends MigrationError {}

/**
 * The body of a GET. Leaving the loop ends the connection.
 * @throws MigrationError `source-unreachable`, `source-untrusted`, `source-read-failed`, `source-answer-broken`, `canceled`; Refused
 */
export async function* download(address: string, options: DownloadOptions): AsyncGenerator<Uint8Array, undefined> {
  checkCanceled(options.signal);
  const url = new URL(address);
  if (url.protocol !== 'https:')
    throw new MigrationError('disk-unreachable', `${url.host} hands out the disk without encryption.`);
  const silence = new Silence(options.patience);
  const stop = AbortSignal.any([options.signal, silence.signal]);
  let taken = 0;
  try {
    const socket = await connect(url, options.trust, stop);
    try {
      const body = await get(url, socket, options.headers, stop);
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        silence.rest();
        taken += chunk.length;
        yield chunk;
        silence.watch();
      }
    } finally {
      socket.destroy();
    }
  } catch (error) {
    throw explain(error, { host: url.host, taken, silence }, options.signal);
  } finally {
    silence.rest();
  }
  return undefined;
}

async function connect(url: URL, trust: Trust, signal: AbortSignal): Promise<TLSSocket> {
  const socket = connectTls(trustedConnection(url, trust));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const give = (): void => reject(signal.reason);
  signal.addEventListener('abort', give, { once: true });
  socket.once('secureConnect', resolve).once('error', reject);
  try {
    await promise;
    judgePeer(socket, url.host, trust);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', give);
    socket.off('error', reject);
  }
}

async function get(url: URL, socket: TLSSocket, headers: HttpHeaders, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest({
    createConnection: () => socket,
    method: 'GET',
    host: url.hostname,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, 'user-agent': 'kubeferry', ...headers },
    signal,
  });
  request.once('response', resolve).on('error', reject).end();
  const response = await promise;
  const { statusCode = 0 } = response;
  if (statusCode === 200) return response;
  response.destroy();
  if (statusCode === 401 || statusCode === 403)
    throw new Refused('source-forbidden', `${url.host} refuses to hand out the export.`);
  const gone = statusCode === 404 ? ': the export has ended' : '';
  throw new MigrationError('source-read-failed', `${url.host} answers ${statusCode} instead of the disk${gone}.`);
}

/** What went wrong, and after how many bytes. */
function explain(error: unknown, about: { host: string; taken: number; silence: Silence }, signal: AbortSignal): unknown {
  if (signal.aborted) return canceled(signal);
  const { host, taken, silence } = about;
  if (silence.signal.aborted) {
    const text = `${host} sent nothing for ${Math.round(silence.patience / 1000)} s, after ${taken} bytes of the export.`;
    return new MigrationError('source-read-failed', text, { file: host });
  }
  if (error instanceof MigrationError) return error;
  const trouble = networkTrouble(error, host);
  if (trouble === undefined || taken === 0) return trouble ?? error;
  return new MigrationError('source-read-failed', `The export broke off after ${taken} bytes. ${trouble.message}.`, {
    file: host,
    cause: error,
  });
}

/** Aborts when nothing has come for too long. */
class Silence {
  readonly patience: number;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(patience: number) {
    this.patience = patience;
    this.watch();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  watch(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#over(), this.patience);
    else this.#timer.refresh();
  }

  /** A timer is cheaper to move than to end: where we are slow ourselves it begins anew. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #over(): void {
    this.#abort.abort();
  }
}
