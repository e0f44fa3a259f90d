/**
 * Bad weather between a client and its server, to order or by dice. A fault strikes the n-th request that matches; whether the request still
 * reaches the server is part of the fault, because a lost answer is not a lost request.
 */
import type { ServerResponse } from 'node:http';
import { randomWords } from '../../demo/guest/disk.ts';
import { type Answer, fault as soapFault } from './soap.ts';

/** What a rule sees of a request. */
export interface Observed {
  readonly method: string;
  readonly path: string;
  /** SOAP operation; empty for anything else. */
  readonly operation: string;
  readonly body: string;
}

/** Each happens to one answer. Those marked * strike after the server has done what was asked. */
export type Fault =
  /** Closes the connection without an answer; `after` * or before the server has seen the request. */
  | { readonly kind: 'reset'; readonly after?: boolean }
  /** An HTTP status with a plain text, such as 503 while services start; the server does not see the request. */
  | { readonly kind: 'status'; readonly status: number }
  /** A page of some proxy in place of the answer; 502 when no status is given, 200 being the nastiest. */
  | { readonly kind: 'html'; readonly status?: number }
  /** * The answer ends in the middle and the connection closes as if all were said: no length, no chunks. */
  | { readonly kind: 'truncate' }
  /** * Half of the answer, then silence until the client hangs up. */
  | { readonly kind: 'stall' }
  /** * The length said is larger (`over`) or smaller than what is sent. */
  | { readonly kind: 'wrong-length'; readonly over: boolean }
  /** * The answer comes late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** A fault of the server in place of the answer; `HostCommunication` and the like. */
  | { readonly kind: 'soap'; readonly type: string; readonly message: string }
  /** The session of the request is gone. */
  | { readonly kind: 'expire' };

export interface FaultRule {
  /** Which requests count; all when absent. */
  readonly match?: (request: Observed) => boolean;
  /** Which of them is struck first, from 1; the first when absent. */
  readonly nth?: number;
  /** How many in a row are struck; 1 when absent. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface Dice {
  readonly seed: number;
  /** Of a request to be struck, 0 to 1. */
  readonly share: number;
  readonly faults: readonly Fault[];
  readonly match?: (request: Observed) => boolean;
}

export interface Struck {
  readonly fault: Fault;
  readonly request: Observed;
}

const HTML =
  '<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1><p>The proxy server received an invalid response.<br></body></html>';

export class Faults {
  /** All that struck, in order. */
  readonly struck: Struck[] = [];
  readonly #rules: { readonly rule: FaultRule; seen: number }[] = [];
  #dice: (Dice & { readonly next: () => number }) | undefined;

  add(rule: FaultRule): void {
    this.#rules.push({ rule, seen: 0 });
  }

  /** Random faults from now on, the same ones for the same seed and the same order of requests. */
  roll(dice: Dice): void {
    this.#dice = { ...dice, next: randomWords(dice.seed) };
  }

  clear(): void {
    this.#rules.length = 0;
    this.#dice = undefined;
  }

  /** The fault that strikes this request. To be asked once a request. */
  next(request: Observed): Fault | undefined {
    const fault = this.#ruled(request) ?? this.#rolled(request);
    if (fault) this.struck.push({ fault, request });
    return fault;
  }

  #ruled(request: Observed): Fault | undefined {
    let found: Fault | undefined;
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.match && !rule.match(request)) continue;
      entry.seen += 1;
      const first = rule.nth ?? 1;
      if (entry.seen >= first && entry.seen < first + (rule.times ?? 1)) found ??= rule.fault;
    }
    return found;
  }

  #rolled(request: Observed): Fault | undefined {
    const dice = this.#dice;
    if (!dice || (dice.match && !dice.match(request))) return undefined;
    if (dice.next() / 2 ** 32 >= dice.share) return undefined;
    return dice.faults[dice.next() % dice.faults.length];
  }
}

/** The answer that takes the place of the server's, where the fault is one that the server never sees; `reset` for none at all. */
export function instead(fault: Fault): Answer | 'reset' | undefined {
  if (fault.kind === 'reset' && !fault.after) return 'reset';
  if (fault.kind === 'status')
    return { status: fault.status, headers: { 'content-type': 'text/plain' }, body: 'Service Unavailable' };
  if (fault.kind === 'html') return { status: fault.status ?? 502, headers: { 'content-type': 'text/html' }, body: HTML };
  if (fault.kind === 'soap') return soapFault(fault.type, { message: fault.message });
  return undefined;
}

/** Sends an answer, spoiled as the fault says. */
export async function send(response: ServerResponse, answer: Answer, fault?: Fault): Promise<void> {
  const body = Buffer.isBuffer(answer.body) ? answer.body : Buffer.from(answer.body);
  const half = body.subarray(0, body.length >> 1);
  if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (fault?.kind === 'reset') {
    response.destroy();
    return;
  }
  const headers: Record<string, string> = { ...answer.headers, 'content-length': String(body.length) };
  if (fault?.kind === 'truncate') {
    delete headers['content-length'];
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
  }
  if (fault?.kind === 'wrong-length') {
    headers['content-length'] = String(fault.over ? body.length + 1000 : half.length);
    response.shouldKeepAlive = !fault.over;
  }
  response.writeHead(answer.status, headers);
  if (fault?.kind === 'stall') response.write(half);
  else if (fault?.kind === 'truncate') response.end(half);
  else response.end(body);
}
