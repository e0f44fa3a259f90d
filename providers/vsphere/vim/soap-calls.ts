/** Control calls through the `soap` package, over our own HTTP: one place checks certificates and keeps the cookie. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Client, createClientAsync, type IHttpClient } from 'soap';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Http } from '../http.ts';
import { writeCall } from './envelope.ts';
import { faultOf } from './fault.ts';
import type { Arguments, MoRef, VimNode } from './node.ts';
import type { Operation } from './operations.ts';
import { VIM_WSDL } from './wsdl.ts';
import { parseXml } from './xml-reader.ts';

/** Control calls answer with little; a page of changed areas is the longest. */
const MOST_TEXT = 64 * 1024 * 1024;

export interface CallOptions {
  readonly signal: AbortSignal;
  /** `SOAPAction`: the version of the API that the answer is written for. */
  readonly action: string;
  /** Longest silence in milliseconds. */
  readonly patience?: number;
}

type Exchange = CallOptions & { body?: string; status?: number; failure?: unknown };

export class SoapCalls {
  readonly #http: Http;
  readonly #client: Promise<Client>;

  constructor(http: Http) {
    this.#http = http;
    this.#client = this.#createClient();
    // Whoever calls first gets the error; nobody calling is no crash.
    this.#client.catch(() => undefined);
  }

  /** The response element. @throws VimFault what the server refuses, MigrationError of the connection */
  async call(operation: Operation, on: MoRef, args: Arguments, options: CallOptions): Promise<VimNode> {
    const client = await this.#client;
    const exchange: Exchange = { ...options };
    const run: unknown = client[`${operation}Async`];
    if (typeof run !== 'function') throw new Error(`the WSDL lacks ${operation}`);
    // The envelope, the exchange and the fault detection are the package's; the values are read by our own reader, which
    // keeps arrays and types. So what the package makes of the answer does not matter.
    await run
      .call(client, { _xml: writeCall(operation, on, args) }, exchange, { SOAPAction: options.action })
      .catch((error: unknown) => {
        if (exchange.failure === undefined && exchange.body === undefined) exchange.failure = error;
      });
    if (exchange.failure !== undefined) throw exchange.failure;
    return readAnswer(operation, exchange.body ?? '', this.#http.host);
  }

  /** The package reads its WSDL in one go, which takes tens of milliseconds: a turn of the event loop of its own. */
  async #createClient(): Promise<Client> {
    await turn();
    const client = await createClientAsync(VIM_WSDL, {
      disableCache: true,
      endpoint: `https://${this.#http.host}/sdk`,
      httpClient: this.#transport(),
    });
    await turn();
    return client;
  }

  /** The package's own idea of a transport returns an axios promise, which it then only reads headers from. */
  #transport(): IHttpClient {
    const request: IHttpClient['request'] = (_url, data: string, callback, headers, exchange) => {
      const sent = this.#exchange(data, headers ?? {}, exchange as Exchange);
      sent.then(
        ({ status, text }) => callback(null, { status, headers: {}, data: text }, text),
        (error: unknown) => {
          if (exchange !== undefined) exchange['failure'] = error;
          callback(error);
        },
      );
      return sent as unknown as ReturnType<IHttpClient['request']>;
    };
    return { request };
  }

  async #exchange(body: string, headers: Record<string, string>, exchange: Exchange): Promise<{ status: number; text: string }> {
    const { signal, patience } = exchange;
    const answer = await this.#http.request(
      { method: 'POST', path: '/sdk', headers: pick(headers), body, ...(patience !== undefined && { patience }) },
      signal,
    );
    await requireXml(answer, this.#http);
    const text = await this.#http.read(answer, signal, MOST_TEXT);
    exchange.body = text;
    return { status: answer.statusCode, text };
  }
}

/** The package computes length and connection headers for a transport of its own. */
function pick(headers: Readonly<Record<string, string>>): Record<string, string> {
  return { 'content-type': 'text/xml; charset=utf-8', soapaction: `${headers['SOAPAction'] ?? ''}` };
}

/** SOAP answers with 200 or, for a fault, with 500, and always with XML. @throws MigrationError `source-answer-broken` */
export async function requireXml(answer: Awaited<ReturnType<Http['request']>>, http: Http): Promise<void> {
  const kind = String(answer.headers['content-type'] ?? '').toLowerCase();
  if ((answer.statusCode === 200 || answer.statusCode === 500) && kind.includes('xml')) return;
  await http.discard(answer);
  throw new MigrationError(
    'source-answer-broken',
    `${http.host} answered with HTTP status ${answer.statusCode} and ${kind === '' ? 'no content type' : kind} where a vSphere server answers with XML`,
    { file: http.host },
  );
}

function readAnswer(operation: Operation, text: string, host: string): VimNode {
  const envelope = parseXml(text);
  const fault = faultOf(envelope);
  if (fault !== undefined) throw fault;
  const response = envelope.at('Body', `${operation}Response`);
  if (response === undefined)
    throw new MigrationError('source-answer-broken', `${host} answered ${operation} with something else`);
  return response;
}
