/** One TCP connection to the service, with one request in flight at most: NTLM logs a connection in, and each sealed message has its place in a row. */
import type { X509Certificate } from 'node:crypto';
import { Client } from 'undici';
import type { ClientCertificate, Trust } from '../../../src/contracts/credentials.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { networkTrouble } from '../../../src/model/network-trouble.ts';
import { createConnector } from '../../../src/net/trust.ts';

/** The service closes a connection that is idle for 120 s; we do it before. */
const IDLE_MS = 60_000;
/** Bytes of one answer: far above the largest envelope that we accept. */
const ANSWER_BYTES = 8 * 1024 * 1024;

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface ConnectionOptions {
  readonly trust?: Trust;
  readonly client?: ClientCertificate;
  /** Longest silence in milliseconds. */
  readonly patience: number;
}

export interface Answer {
  readonly status: number;
  /** Values of `WWW-Authenticate`. */
  readonly challenges: readonly string[];
  readonly contentType: string;
  readonly body: Buffer;
}

/** The connection has ended before the request went out: the request may be sent again, by another one. */
export class ConnectionGone extends Error {
  override readonly name = 'ConnectionGone';
}

export function endpointOf({ host, port, tls }: Place): string {
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}/wsman`;
}

export class Connection {
  readonly #client: Client;
  readonly #host: string;
  readonly #patience: number;
  #connected = false;
  #certificate: X509Certificate | undefined;

  /** @throws MigrationError `usage` for a thumbprint that is none */
  constructor(place: Place, { trust, client, patience }: ConnectionOptions) {
    this.#host = place.host;
    this.#patience = patience;
    const connect = createConnector(trust, {
      ...(client !== undefined && { client }),
      seen: (certificate) => {
        this.#certificate = certificate;
      },
    });
    this.#client = new Client(new URL(endpointOf(place)).origin, {
      // A client connects again by itself; nobody would be logged in there.
      connect: (options, callback) => {
        if (this.#connected) return callback(new ConnectionGone('The connection has ended'), null);
        this.#connected = true;
        return connect(options, callback);
      },
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: patience,
      bodyTimeout: patience,
      maxResponseSize: ANSWER_BYTES,
    });
  }

  /** What the server showed; undefined before the first request, and without TLS. */
  get certificate(): X509Certificate | undefined {
    return this.#certificate;
  }

  /**
   * @throws ConnectionGone
   * @throws MigrationError `source-unreachable`, `source-untrusted`, `source-answer-broken`; the signal's reason
   */
  async post(headers: Readonly<Record<string, string>>, body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    try {
      const answer = await this.#client.request({ method: 'POST', path: '/wsman', headers: { ...headers }, body, signal });
      const pieces: Uint8Array[] = [];
      for await (const piece of answer.body) pieces.push(piece);
      return {
        status: answer.statusCode,
        challenges: [answer.headers['www-authenticate'] ?? []].flat().flatMap(separate),
        contentType: [answer.headers['content-type'] ?? ''].flat()[0] ?? '',
        body: Buffer.concat(pieces),
      };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof ConnectionGone) throw error;
      const trouble = networkTrouble(error, this.#host);
      if (trouble?.code === 'source-answer-broken' && isSilence(error)) {
        throw new MigrationError('source-answer-broken', `${this.#host} did not answer within ${this.#patience / 1000} s`, {
          file: this.#host,
          cause: error,
        });
      }
      throw trouble ?? error;
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }
}

/** Several schemes may stand in one line; none that we know has a comma in its own words. */
function separate(line: string): readonly string[] {
  return line.split(',').map((challenge) => challenge.trim());
}

function isSilence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UND_ERR_HEADERS_TIMEOUT';
}
