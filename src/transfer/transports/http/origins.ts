/**
 * The servers that are read from. All disks that come from one server share its connections and its lanes: how much it takes is a fact
 * about the server, not about a disk. Connections are kept as long as somebody reads from their server.
 */
import type { Clock } from '../../../contracts/clock.ts';
import type { Trust } from '../../../contracts/credentials.ts';
import { type ConnectOptions, type GetRequest, HttpConnection } from './connection.ts';
import { LaneControl } from './lane-control.ts';

export interface OriginsOptions {
  readonly clock: Clock;
  /** Requests that one server gets at once at the beginning, ≥ 1; 8 when absent. */
  readonly firstLanes?: number;
  /** … and at most; 16 when absent. */
  readonly mostLanes?: number;
  /** Longest silence of a connection in milliseconds, by the machine's own clock; 20 s when absent. */
  readonly patience?: number;
}

/** What a browser opens, or a little more. With 4 a delta of a hundred MiB was over before there were enough of them. */
const FIRST_LANES = 8;
const MOST_LANES = 16;
const PATIENCE_MS = 20_000;

/** Servers by address and by how they are trusted. One for each process is meant. */
export class Origins {
  readonly #options: OriginsOptions;
  readonly #open = new Map<string, Origin>();

  constructor(options: OriginsOptions) {
    this.#options = options;
  }

  /** The server of `url`, to be disposed of by each who asked for it. */
  use(url: URL, trust: Trust): OriginLease {
    const key = JSON.stringify([url.origin, trust.ca, trust.thumbprint, trust.insecure]);
    const known = this.#open.get(key);
    const origin = known ?? new Origin(url, trust, this.#options);
    if (known === undefined) this.#open.set(key, origin);
    origin.users += 1;
    let held = true;
    return {
      origin,
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        origin.users -= 1;
        if (origin.users > 0) return;
        this.#open.delete(key);
        origin.close();
      },
    };
  }
}

export interface OriginLease extends Disposable {
  readonly origin: Origin;
}

interface Waiter {
  readonly enter: () => void;
}

export class Origin {
  /** Readers that share it. */
  users = 0;
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #connect: ConnectOptions;
  readonly #control: LaneControl;
  readonly #idle: HttpConnection[] = [];
  readonly #waiting = new Set<Waiter>();
  #inFlight = 0;
  #pausedUntil = 0;

  constructor(url: URL, trust: Trust, options: OriginsOptions) {
    this.#url = url;
    this.#clock = options.clock;
    this.#connect = { trust, patience: options.patience ?? PATIENCE_MS };
    this.#control = new LaneControl({ first: options.firstLanes ?? FIRST_LANES, most: options.mostLanes ?? MOST_LANES });
  }

  /** This reader's share of the requests that the server gets at once. */
  get lanes(): number {
    return Math.max(1, Math.ceil(this.#control.limit / Math.max(1, this.users)));
  }

  /**
   * Sends a request as soon as it is its turn. See HttpConnection.get.
   * @throws MigrationError `source-unreachable`, `source-untrusted`, `source-answer-broken`; what `onHead` throws; the signal's reason
   */
  async get(request: GetRequest, signal: AbortSignal): Promise<void> {
    await this.#enter(signal);
    let asked = this.#clock.now();
    const watched: GetRequest = {
      ...request,
      onHead: (head) => {
        this.#control.answered(this.#clock.now() - asked);
        return request.onHead(head);
      },
      onBytes: (count) => {
        this.#control.received(this.#clock.now(), count);
        request.onBytes(count);
      },
    };
    try {
      await this.#rest(signal);
      asked = this.#clock.now();
      await this.#send(watched, signal);
    } finally {
      this.#leave();
    }
  }

  /** The server has asked for less: fewer lanes from now on, and none for `milliseconds`. */
  refused(milliseconds: number): void {
    const now = this.#clock.now();
    this.#control.refused(now);
    this.#pausedUntil = Math.max(this.#pausedUntil, now + milliseconds);
  }

  /** Gives up the connections that nobody uses. */
  close(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  async #send(request: GetRequest, signal: AbortSignal): Promise<void> {
    const kept = this.#takeIdle();
    if (kept !== undefined) {
      try {
        return await this.#sendOver(kept, request, signal);
      } catch (error) {
        if (!kept.unheard || signal.aborted) throw error;
        // A server ends connections that were idle: that the next request finds out is no failure. The others will not be better.
        this.close();
      }
    }
    await this.#sendOver(await HttpConnection.open(this.#url, this.#connect, signal), request, signal);
  }

  async #sendOver(connection: HttpConnection, request: GetRequest, signal: AbortSignal): Promise<void> {
    await connection.get(request, signal);
    if (!connection.usable) return;
    if (this.users > 0 && this.#inFlight <= this.#control.limit) this.#idle.push(connection);
    else connection.destroy();
  }

  #takeIdle(): HttpConnection | undefined {
    for (;;) {
      const kept = this.#idle.pop();
      if (kept === undefined || kept.usable) return kept;
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#inFlight >= this.#control.limit || this.#waiting.size > 0) await this.#queue(signal);
    else this.#inFlight += 1;
    this.#control.began(this.#clock.now());
  }

  #queue(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          this.#inFlight += 1;
          resolve();
        },
      };
      const giveUp = (): void => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #leave(): void {
    this.#inFlight -= 1;
    this.#control.ended(this.#clock.now());
    for (const waiter of this.#waiting) {
      if (this.#inFlight >= this.#control.limit) return;
      this.#waiting.delete(waiter);
      waiter.enter();
    }
  }

  async #rest(signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = this.#pausedUntil - this.#clock.now();
      if (left <= 0) return;
      await this.#clock.sleep(left, signal);
    }
  }
}
