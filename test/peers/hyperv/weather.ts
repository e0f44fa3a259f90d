/**
 * What goes wrong between a client and a host, to order: each is taken by the place it strikes at, and is over when it has struck so many
 * times. Troubles of machines are in troubles.ts.
 */
import { randomWords } from '../../demo/guest/disk.ts';

export const WEATHER = [
  /** A Receive ends with the fault that says "ask again". */
  'operation-timeout',
  /** Output comes in pieces of a few bytes. */
  'split-output',
  /** A connection that was logged in is not any more: 401. */
  'unauthorized',
  /** Create: too many shells. */
  'quota',
  /** A shell is gone, and what ran in it. */
  'shell-gone',
  /** Error records in CLIXML on the standard error, though all is well. */
  'noise',
  /** Messages of the host in another language. */
  'localized',
  /** The answer of a script ends in its middle. */
  'truncated',
  /** The connection is closed before a request is read. */
  'cut-before',
  /** The connection is closed after a request was served. */
  'cut-after',
  /** The service answers 503. */
  'unavailable',
] as const;

export type WeatherKind = (typeof WEATHER)[number];

/** Bytes: at no boundary of anything. */
const PIECE = 100_003;
const TINY_PIECES = 40;

export class Weather {
  readonly #due = new Map<WeatherKind, number>();
  readonly #next = randomWords(0x77656174);
  /** What has struck, in order. */
  readonly struck: WeatherKind[] = [];
  #tiny = 0;

  /** It strikes so many times, wherever it finds its place. */
  order(kind: WeatherKind, times = 1): void {
    this.#due.set(kind, (this.#due.get(kind) ?? 0) + times);
  }

  clear(): void {
    this.#due.clear();
    this.#tiny = 0;
  }

  /** Whether it strikes here. */
  take(kind: WeatherKind): boolean {
    const left = this.#due.get(kind) ?? 0;
    if (left <= 0) return false;
    this.#due.set(kind, left - 1);
    this.struck.push(kind);
    return true;
  }

  /** Bytes of the next piece of a command's output. */
  pieceOfOutput(): number {
    if (this.#tiny === 0 && this.take('split-output')) this.#tiny = TINY_PIECES;
    if (this.#tiny === 0) return PIECE;
    this.#tiny -= 1;
    return 1 + (this.#next() % 97);
  }
}
