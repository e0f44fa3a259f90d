/**
 * One request to the API server and the beginning of its answer, over HTTPS connections that are kept. What the answer says is somebody else's
 * business. Watches have connections of their own: they stay open for long and must not take the places of calls.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request as sendRequest } from 'node:https';
import { MigrationError } from '../../model/errors.ts';
import { networkTrouble } from '../../model/network-trouble.ts';
import type { Login, LoginParts } from './kept-login.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query, below the server's own path. */
  readonly path: string;
  readonly accept?: string;
  /** JSON. */
  readonly body?: { readonly type: string; readonly text: string };
  /** A watch gets a connection of its own. */
  readonly watch?: boolean;
  /** Nothing heard for so long means that nobody is there any more, in milliseconds. */
  readonly silence: number;
  readonly signal: AbortSignal;
}

export interface Transport {
  /** Host and port, for people. */
  readonly host: string;
  /** The answer, whatever its status. @throws MigrationError, or the reason of the signal */
  send(request: ApiRequest): Promise<IncomingMessage>;
  /** Ends the connections. */
  close(): void;
}

/** As many calls at once; the rest wait. An API server serves some hundreds in all. */
const MAX_CALLS = 16;
/** The API server (Go) closes an idle connection after 90 s or more; we are first, so that no request meets a closing door. */
const IDLE_MS = 30_000;
/** To get through to a server at all. */
const CONNECT_MS = 20_000;
/** The first probe of TCP on a watch that is quiet. */
const PROBE_MS = 15_000;

export class HttpsTransport implements Transport {
  readonly host: string;
  readonly #login: Login;
  readonly #agents = new Map<'call' | 'watch', { readonly fingerprint: string; readonly agent: Agent }>();

  constructor(login: Login) {
    this.#login = login;
    this.host = new URL(login.server).host;
  }

  async send(request: ApiRequest): Promise<IncomingMessage> {
    request.signal.throwIfAborted();
    const login = await this.#login.current();
    const answer = await this.#exchange(request, login);
    if (answer.statusCode !== 401) return answer;
    answer.resume();
    this.#login.renew(login);
    return await this.#exchange(request, await this.#login.current());
  }

  close(): void {
    for (const { agent } of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #exchange(request: ApiRequest, login: LoginParts): Promise<IncomingMessage> {
    const { method, path, accept = 'application/json', body, watch = false, silence, signal } = request;
    const options: RequestOptions = {
      method,
      signal,
      timeout: CONNECT_MS,
      agent: login.proxy ?? this.#agent(watch ? 'watch' : 'call', login),
      headers: {
        ...login.headers,
        accept,
        'user-agent': 'kubeferry',
        ...(body !== undefined && { 'content-type': body.type, 'content-length': Buffer.byteLength(body.text) }),
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    let answer: IncomingMessage | undefined;
    const sent = sendRequest(`${this.#login.server}${path}`, options);
    sent.on('response', (response) => {
      answer = response;
      if (watch) response.socket.setKeepAlive(true, PROBE_MS);
      resolve(response);
    });
    sent.on('error', (error) => reject(transportTrouble(error, this.host, signal)));
    // Counts from the connection on; before, `timeout` does.
    sent.setTimeout(silence, () => {
      const what =
        sent.socket?.connecting === false ? `has been silent for ${Math.round(silence / 1000)} s` : 'cannot be reached';
      (answer ?? sent).destroy(new MigrationError('cluster-unreachable', `${this.host} ${what}.`, { file: this.host }));
    });
    sent.end(body?.text);
    return await promise;
  }

  /** A new one when certificates have changed. The connections of an old one end by themselves when they are idle. */
  #agent(use: 'call' | 'watch', { tls }: LoginParts): Agent {
    const fingerprint = fingerprintOf(tls);
    const known = this.#agents.get(use);
    if (known?.fingerprint === fingerprint) return known.agent;
    const agent = new Agent(
      use === 'watch' ? { ...tls } : { ...tls, keepAlive: true, maxSockets: MAX_CALLS, timeout: IDLE_MS, scheduling: 'lifo' },
    );
    this.#agents.set(use, { fingerprint, agent });
    return agent;
  }
}

function fingerprintOf(tls: LoginParts['tls']): string {
  const hash = createHash('sha256');
  for (const [name, value] of Object.entries(tls)) {
    hash.update(name);
    hash.update(value instanceof Uint8Array ? value : String(value));
  }
  return hash.digest('hex');
}

/** What went wrong on the way, in the cluster's codes. */
export function transportTrouble(error: unknown, host: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const trouble = networkTrouble(error, host);
  switch (trouble?.code) {
    case 'source-unreachable':
      return new MigrationError('cluster-unreachable', trouble.message, { file: host, cause: error });
    case 'source-untrusted':
      return new MigrationError('cluster-untrusted', trouble.message, { file: host, cause: error });
    case 'source-answer-broken':
      return new MigrationError('cluster-answer-broken', trouble.message, { file: host, cause: error });
    default:
      return trouble ?? error;
  }
}
