/**
 * JSON documents, a line each, over a socket on which qemu is the one that connects: the machine protocol (QMP) and the guest
 * agent's. Answers come in the order of the questions; events come in between.
 */
import { mkdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';

export type Json = Readonly<Record<string, unknown>>;

/** A line of more than this many characters comes from a guest that means no good; the channel is closed. */
const LINE_LIMIT = 4_194_304;

export class JsonChannel {
  readonly #server: Server;
  readonly #waiting: { resolve(answer: unknown): void; reject(reason: Error): void }[] = [];
  readonly #onEvent: (event: Json) => void;
  #socket: Socket | undefined;
  #rest = '';
  readonly connected: Promise<void>;

  private constructor(server: Server, onEvent: (event: Json) => void) {
    this.#server = server;
    this.#onEvent = onEvent;
    this.connected = new Promise((resolve) => {
      server.once('connection', (socket) => {
        this.#socket = socket;
        socket.setEncoding('utf8').on('data', (text: string) => this.#take(text));
        socket.on('error', () => undefined).on('close', () => this.#giveUp());
        resolve();
      });
    });
  }

  /** Listens on a socket file; the folder must be nobody else's. */
  static async listen(file: string, onEvent: (event: Json) => void): Promise<JsonChannel> {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const server = createServer();
    const channel = new JsonChannel(server, onEvent);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(file, resolve));
    return channel;
  }

  /** @throws Error with what the other side says, or when it hangs up */
  ask(execute: string, args?: Json): Promise<unknown> {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return Promise.reject(new Error('Nobody is at the other end'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      socket.write(`${JSON.stringify({ execute, ...(args === undefined ? {} : { arguments: args }) })}\n`);
    });
  }

  close(): void {
    this.#server.close();
    this.#socket?.destroy();
    this.#giveUp();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LINE_LIMIT) this.close();
    for (const line of lines) this.#read(line);
  }

  #read(line: string): void {
    const document = parsed(line);
    if (document === undefined) return;
    if ('event' in document) this.#onEvent(document);
    else if ('error' in document) this.#waiting.shift()?.reject(new Error(said(document['error'])));
    else if ('return' in document) this.#waiting.shift()?.resolve(document['return']);
  }

  #giveUp(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('The other end hung up'));
  }
}

function parsed(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function said(error: unknown): string {
  return isJson(error) && typeof error['desc'] === 'string' ? error['desc'] : 'It refuses without a reason';
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
