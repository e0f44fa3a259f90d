/** The file server of a story: gives what the disk holds now, spoils the answers that were ordered, and tells who asked for what. */
import type { Asked, Fault, FaultServer } from '../../transfer/transports/range/fault-server.ts';
import { startFaultServer } from '../../transfer/transports/range/fault-server.ts';
import type { Order } from './story.ts';

/** Longer than all the tries of a reader with a hurried clock. */
const DOWN_FOR_GOOD_MS = 2500;
const DOWN_MS = 40;

export interface FileServerOptions {
  readonly content: Buffer;
  /** An export gives all of it to everybody. */
  readonly whole: boolean;
  readonly slowly: number | undefined;
}

export class FileServer implements AsyncDisposable {
  /** Bytes of the disk that were given wrongly. */
  readonly spoiled = new Set<number>();
  readonly #server: FaultServer;
  readonly #options: FileServerOptions;
  #orders: readonly Order[] = [];
  #struck: (order: Order) => void = () => undefined;
  #onRequest: (count: number) => void = () => undefined;
  #first = 0;
  #expired = new Set<string | undefined>();
  #restarted: Promise<void> = Promise.resolve();

  private constructor(server: FaultServer, options: FileServerOptions) {
    this.#server = server;
    this.#options = options;
    server.fault = (asked) => this.#decide(asked);
  }

  static async start(options: FileServerOptions): Promise<FileServer> {
    return new FileServer(await startFaultServer(options.content), options);
  }

  get url(): string {
    return this.#server.url;
  }

  get ca(): string {
    return this.#server.certificate.certificate;
  }

  /** Requests since `arm`. */
  get asked(): readonly Asked[] {
    return this.#server.asked.slice(this.#first);
  }

  /** Counts requests from now on, and spoils what is ordered among them. */
  arm(orders: readonly Order[], struck: (order: Order) => void, onRequest: (count: number) => void): void {
    this.#first = this.#server.asked.length;
    this.#orders = orders;
    this.#struck = struck;
    this.#onRequest = onRequest;
  }

  /** Nothing is spoiled from now on; resolves when it can be reached. */
  async calm(): Promise<void> {
    this.arm(
      [],
      () => undefined,
      () => undefined,
    );
    this.#expired = new Set();
    await this.#restarted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.calm();
    await this.#server[Symbol.asyncDispose]();
  }

  #decide(asked: Asked): Fault {
    const count = asked.number - this.#first;
    this.#onRequest(count);
    const { slowly, whole } = this.#options;
    const usual: Fault = { ...(whole && { status: 200, whole }), ...(slowly !== undefined && { slowly }) };
    if (this.#expired.has(asked.cookie)) return { status: 401 };
    const order = this.#orders.find(({ moment, times }) => count >= moment.count && count < moment.count + times);
    if (order === undefined) return usual;
    this.#struck(order);
    return { ...usual, ...this.#spoil(order, asked) };
  }

  #spoil(order: Order, asked: Asked): Fault {
    const { content, whole } = this.#options;
    const length = whole ? content.length : asked.last - asked.first + 1;
    const bytes = Math.floor(order.place * length);
    const { fault, times } = order;
    switch (fault) {
      case 'reset':
        return { after: { bytes, by: 'reset' } };
      case 'short':
        return { after: { bytes, by: 'end' } };
      case 'stall':
        return { after: { bytes, by: 'silence' } };
      case 'wrong byte served':
        this.spoiled.add(asked.first + bytes);
        return { flip: bytes };
      case 'status 401':
        this.#expired.add(asked.cookie);
        return { status: 401 };
      case 'status 429':
        return { status: 429, headers: { 'retry-after': '1' } };
      case 'status 503':
        return { status: 503 };
      case 'restart':
        this.#restart(times > 5 ? DOWN_FOR_GOOD_MS : DOWN_MS);
        return { after: { bytes, by: 'reset' } };
      default:
        throw new Error(`No server does this: ${fault}`);
    }
  }

  #restart(milliseconds: number): void {
    this.#orders = this.#orders.filter(({ fault }) => fault !== 'restart');
    this.#restarted = this.#server.restart(milliseconds);
  }
}
