/** An API server behind something that loses requests, or their answers, or brings them late. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { request as ask, type RequestOptions } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { ApiServer } from '../peers/kubernetes-api.ts';
import { type OddServer, startOddServer } from './odd-server.ts';

/** `answer-lost`: done, and nobody hears of it; `late`: nobody hears of it, and it is done when the test says so. */
export type Fate = 'passed' | 'lost' | 'answer-lost' | 'late';

export interface LosingRelay extends OddServer {
  /** What becomes of a request; all pass at first. */
  fate: (request: IncomingMessage) => Fate;
  /** Brings what is late, in order. @returns status codes */
  deliver(): Promise<readonly number[]>;
}

export async function startLosingRelay(api: ApiServer): Promise<LosingRelay> {
  const late: (() => Promise<number>)[] = [];
  const server = await startOddServer((request, response) => {
    void handle(request, response).catch(() => response.destroy());
  });
  const relay: LosingRelay = {
    ...server,
    fate: () => 'passed',
    deliver: async () => {
      const codes: number[] = [];
      for (const send of late.splice(0)) codes.push(await send());
      return codes;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const send = (): Promise<IncomingMessage> => pass(api, request, body);
    switch (relay.fate(request)) {
      case 'passed': {
        const answer = await send();
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
        return;
      }
      case 'answer-lost':
        (await send()).resume();
        break;
      case 'late':
        late.push(async () => {
          const answer = await send();
          answer.resume();
          return answer.statusCode ?? 0;
        });
        break;
      case 'lost':
        break;
    }
    response.destroy();
  }
  return relay;
}

async function pass(api: ApiServer, { method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  const { host: _host, authorization: _authorization, ...rest } = headers;
  const login = api.token === '' ? {} : { authorization: `Bearer ${api.token}` };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = { method, ca: api.ca, headers: { ...rest, ...login }, agent: false };
  const certificate = api.token === '' && api.cert !== undefined ? { cert: api.cert, key: api.key } : {};
  ask(`${api.url}${url}`, { ...options, ...certificate }, resolve)
    .on('error', reject)
    .end(body);
  return await promise;
}
