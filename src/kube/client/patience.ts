/** A transport that waits and asks again where the API server is busy, restarting or behind a proxy that lost it. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../contracts/clock.ts';
import { MigrationError } from '../../model/errors.ts';
import type { ApiRequest, Transport } from './transport.ts';

export interface PatienceOptions {
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** With the waits below some 15 s in all: longer troubles are for the caller's own back-off. */
const ATTEMPTS = 6;
const FIRST_MS = 250;
const LONGEST_MS = 8000;
/** The longest that a server may make us wait. */
const LONGEST_WISH_MS = 30_000;
/** Gateways and API servers that turn a request away without having done it. */
const TURNED_AWAY = new Set([429, 502, 503, 504]);

/** The last answer or error is the caller's. Watches are left alone: their informer knows better when to come back. */
export function withPatience(inner: Transport, { clock, random }: PatienceOptions): Transport {
  async function send(request: ApiRequest): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt += 1) {
      const last = request.watch === true || attempt === ATTEMPTS;
      let wish: number | undefined;
      try {
        const answer = await inner.send(request);
        const wishes = retryAfter(answer);
        if (last || !(TURNED_AWAY.has(answer.statusCode ?? 0) || (answer.statusCode === 500 && wishes !== undefined)))
          return answer;
        answer.resume();
        wish = wishes;
      } catch (error) {
        if (last || !mayRepeat(error, request)) throw error;
      }
      await clock.sleep(wish ?? backOff(attempt, random), request.signal);
    }
  }
  return { host: inner.host, send, close: () => inner.close() };
}

/** What makes something new is repeated only when nothing can have been sent; everything else comes out the same twice. */
function mayRepeat(error: unknown, { method }: ApiRequest): boolean {
  if (!(error instanceof MigrationError)) return false;
  // Without a cause it was silence, and that was long enough.
  if (error.code === 'cluster-unreachable') return error.cause !== undefined;
  return error.code === 'cluster-answer-broken' && method !== 'POST';
}

function backOff(attempt: number, random: () => number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1)) * (0.5 + random() / 2);
}

/** In milliseconds; API servers write seconds, never a date. */
function retryAfter({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(LONGEST_WISH_MS, seconds * 1000) : undefined;
}
