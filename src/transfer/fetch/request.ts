/** One GET of a file over HTTPS, from its beginning or from where an earlier one stopped. */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Credentials, Trust } from '../../contracts/credentials.ts';
import { MigrationError } from '../../model/errors.ts';
import { networkTrouble } from '../../model/network-trouble.ts';
import { judgePeer, trustedConnection } from '../../net/trust.ts';

export interface RequestOptions {
  readonly trust: Trust;
  /** Sent to the server of the URL only, not to one that it redirects to. */
  readonly credentials?: Credentials;
  readonly resume?: { readonly from: number; readonly mark: string };
  readonly signal: AbortSignal;
}

export interface HttpsAnswer {
  /** Where the body begins: 0 where the server did not go on. */
  readonly from: number;
  /** Bytes of the whole file, where the server says. */
  readonly total: number | undefined;
  /** What tells that the file is still the same. */
  readonly mark: string | undefined;
  /** @throws MigrationError `source-read-failed`, `source-unreachable` */
  body(signal: AbortSignal): AsyncIterable<Buffer>;
}

const SILENCE_MS = 30_000;
const MOST_REDIRECTS = 5;

/** @throws MigrationError `source-not-found`, `source-forbidden`, `source-refused`, `source-busy`, `source-unreachable`, `source-untrusted` */
export async function requestFile(url: URL, options: RequestOptions): Promise<HttpsAnswer> {
  let here = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    if (here.protocol !== 'https:')
      throw new MigrationError('source-refused', `Files are fetched over https only, not from ${here.origin}.`, {
        file: shown(url),
      });
    const answer = await ask(here, { ...options, ...(here.origin !== url.origin && { credentials: undefined }) });
    const { statusCode = 0, headers } = answer;
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      answer.destroy();
      here = new URL(headers.location, here);
      continue;
    }
    return judge(answer, url, options);
  }
  throw new MigrationError('source-refused', 'The server redirects again and again.', { file: shown(url) });
}

type Asking = Omit<RequestOptions, 'credentials'> & { readonly credentials?: Credentials | undefined };

async function ask(url: URL, { trust, credentials, resume, signal }: Asking): Promise<IncomingMessage> {
  const answer = Promise.withResolvers<IncomingMessage>();
  const headers = {
    'accept-encoding': 'identity',
    ...(credentials !== undefined && { authorization: basic(credentials) }),
    ...(resume !== undefined && { range: `bytes=${resume.from}-`, 'if-range': resume.mark }),
  };
  const asked = request(url, { headers, signal, createConnection: () => open(url, trust) }, answer.resolve);
  asked.setTimeout(SILENCE_MS, () => asked.destroy(new MigrationError('source-unreachable', `${url.host} does not answer.`)));
  asked.on('error', answer.reject);
  asked.end();
  try {
    return await answer.promise;
  } catch (error) {
    throw trouble(error, url, signal);
  }
}

/** A connection on which nothing is sent before its server is trusted. */
function open(url: URL, trust: Trust): TLSSocket {
  const socket = connectTls(trustedConnection(url, trust), () => {
    try {
      judgePeer(socket, url.host, trust);
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return socket;
}

function judge(answer: IncomingMessage, url: URL, { resume }: RequestOptions): HttpsAnswer {
  const { statusCode = 0, headers } = answer;
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  const etag = headers.etag?.startsWith('W/') === false ? headers.etag : undefined;
  const common = { mark: etag ?? headers['last-modified'], body: (signal: AbortSignal) => bodyOf(answer, url, signal) };
  if (statusCode === 200) return { ...common, from: 0, total: length };
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '');
  if (statusCode === 206 && resume !== undefined && Number(range?.[1]) === resume.from)
    return { ...common, from: resume.from, total: Number(range?.[2]) };
  answer.destroy();
  const file = shown(url);
  if (statusCode === 416 && resume !== undefined) {
    const total = Number(/^bytes \*\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]);
    if (total === resume.from) return { ...common, from: total, total, body: () => nothing() };
  }
  if (statusCode === 404 || statusCode === 410)
    throw new MigrationError('source-not-found', 'The server has no such file.', { file });
  if (statusCode === 401 || statusCode === 403)
    throw new MigrationError('source-forbidden', `The server does not give this file (${statusCode}).`, {
      file,
      hint: 'Put user and password into the Secret of the Provider.',
    });
  if (statusCode === 429 || statusCode >= 500)
    throw new MigrationError('source-read-failed', `The server answers with status ${statusCode}.`, { file });
  throw new MigrationError('source-refused', `The server answers with status ${statusCode}.`, { file });
}

async function* bodyOf(answer: IncomingMessage, url: URL, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer) yield chunk;
  } catch (error) {
    throw trouble(error, url, signal);
  } finally {
    answer.destroy();
  }
}

async function* nothing(): AsyncGenerator<Buffer> {}

function trouble(error: unknown, url: URL, signal: AbortSignal): unknown {
  if (signal.aborted || error instanceof MigrationError) return error;
  return (
    networkTrouble(error, url.host) ??
    new MigrationError('source-read-failed', `The connection to ${url.host} was cut.`, { file: shown(url), cause: error })
  );
}

function basic({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** Queries of URLs hold signatures. */
function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
