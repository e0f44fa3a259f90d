/** Plain calls to a Kubernetes API server, for peers and tests that must not lean on the product's own client. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from './kubernetes-objects.ts';

export interface ApiServer {
  /** `https://host:port` */
  readonly url: string;
  /** PEM of the authority. */
  readonly ca: string;
  /** Bearer token; empty where a client certificate logs in. */
  readonly token: string;
  /** PEM of a client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds for which a call is made again while nothing listens there, or the server is not ready; not at all when absent. */
  readonly patience?: number;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; text where it is none. */
  readonly body: unknown;
}

const AGAIN_MS = 200;
const TYPES = { POST: 'application/json', PUT: 'application/json', PATCH: 'application/merge-patch+json' } as const;

type Method = 'GET' | 'DELETE' | keyof typeof TYPES;

/** One request. `type` is the content type of the body where it is not the usual one of the method (merge patch for PATCH). */
export async function callApi(
  server: ApiServer,
  method: Method,
  path: string,
  body?: unknown,
  type?: string,
): Promise<ApiAnswer> {
  const end = Date.now() + (server.patience ?? 0);
  for (;;) {
    const answer = await ask(server, method, path, body, type).catch((error: unknown) => {
      if (Date.now() >= end) throw error;
    });
    if (answer !== undefined && (answer.status < 500 || Date.now() >= end)) return answer;
    await sleep(AGAIN_MS);
  }
}

async function ask(server: ApiServer, method: Method, path: string, body: unknown, type: string | undefined): Promise<ApiAnswer> {
  const content = method === 'GET' || method === 'DELETE' ? undefined : (type ?? TYPES[method]);
  const { url, headers, tls } = login(server);
  const all = { ...headers, ...(content !== undefined && { 'content-type': content }) };
  return await new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, ...tls, headers: all }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) }));
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A token of its own goes before a certificate. */
function login({ url, ca, token, cert, key }: ApiServer) {
  const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
  return { url, headers, tls: { ca, ...(token === '' && cert !== undefined && { cert, key }) } };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of a call that has to succeed. @throws Error with what the server said */
export async function expectApi<T>(server: ApiServer, method: Method, path: string, body?: unknown, type?: string): Promise<T> {
  const answer = await callApi(server, method, path, body, type);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/**
 * What there is and what becomes of it, until the signal aborts. Begins anew with a list whenever the server ends a watch, so that an object can
 * be told twice; one that vanished meanwhile is told as it was last.
 */
export async function* watchApi<T extends KubernetesObject>(
  server: ApiServer,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const known = new Map<string | undefined, T>();
  while (!signal.aborted) {
    try {
      const list = await expectApi<{ items: T[]; metadata: { resourceVersion: string } }>(server, 'GET', path);
      // What went while nobody watched is told too.
      for (const { metadata } of list.items) known.delete(metadata.uid);
      for (const object of known.values()) yield { type: 'DELETED', object };
      known.clear();
      for (const object of list.items) {
        known.set(object.metadata.uid, object);
        yield { type: 'ADDED', object };
      }
      const join = path.includes('?') ? '&' : '?';
      const query = `watch=1&timeoutSeconds=60&resourceVersion=${list.metadata.resourceVersion}`;
      const answer = await open(server, `${path}${join}${query}`, signal);
      for await (const line of createInterface(answer)) {
        const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR' };
        if (event.type === 'ERROR') break;
        if (event.type === 'DELETED') known.delete(event.object.metadata.uid);
        else known.set(event.object.metadata.uid, event.object);
        yield event;
      }
    } catch {
      // The server may be restarting; whoever tests notices when it stays away.
      if (!signal.aborted) await sleep(200);
    }
  }
}

async function open(server: ApiServer, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, headers, tls } = login(server);
  const asked = request(`${url}${path}`, { ...tls, headers, signal });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  if (answer.statusCode === 200) return answer;
  answer.resume();
  throw new Error(`watching ${path} was answered by ${answer.statusCode}`);
}
