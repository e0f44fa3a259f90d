/**
 * One thread that hashes files in order, beside those that read the same files in whatever order suits them. One is enough for all disks
 * of a process: it hashes more than 1 GB a second (SHA-1 and SHA-256 on the processor's own instructions). It starts when it is first
 * needed and ends with the last hash.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FileDigest } from '../../model/transfer.ts';
import type { Bytes } from '../../model/units.ts';

/** What the thread is asked. Each but `close` is answered once, in order. */
export type HashMessage =
  | { readonly id: number; readonly kind: 'begin'; readonly path: string; readonly algorithm: FileDigest['algorithm'] }
  | { readonly id: number; readonly kind: 'read'; readonly at: Bytes; readonly length: Bytes }
  | { readonly id: number; readonly kind: 'end' | 'close' };

export interface HashAnswer {
  readonly id: number;
  /** Bytes that were there. */
  readonly read?: Bytes;
  readonly hex?: string;
  /** The system's code. */
  readonly failure?: string;
}

/** The thread could not do what it was asked. */
export class HashTrouble extends Error {
  override readonly name = 'HashTrouble';
}

/** A file that is being hashed. One call at a time. Disposing of it ends that, and waits for nothing. */
export interface FileHash extends Disposable {
  /** Takes in bytes from `at` on; returns how many there were. @throws HashTrouble with the system's code */
  feed(at: Bytes, length: Bytes): Promise<Bytes>;
  /** Lower-case hexadecimal. */
  digest(): Promise<string>;
}

interface Waiting {
  readonly resolve: (answer: HashAnswer) => void;
  readonly reject: (error: unknown) => void;
}

export class HashThread {
  readonly #waiting = new Map<number, Waiting>();
  readonly #open = new Set<number>();
  #worker: Worker | undefined;
  #id = 0;

  /** @throws HashTrouble with the system's code when the file cannot be opened */
  async begin(file: string, algorithm: FileDigest['algorithm']): Promise<FileHash> {
    this.#id += 1;
    const id = this.#id;
    this.#open.add(id);
    const hash: FileHash = {
      feed: async (at, length) => (await this.#ask({ id, kind: 'read', at, length })).read ?? 0,
      digest: async () => (await this.#ask({ id, kind: 'end' })).hex ?? '',
      [Symbol.dispose]: () => this.#close(id),
    };
    try {
      await this.#ask({ id, kind: 'begin', path: file, algorithm });
      return hash;
    } catch (error) {
      this.#close(id);
      throw error;
    }
  }

  async #ask(message: HashMessage): Promise<HashAnswer> {
    if (!this.#open.has(message.id)) throw new Error('A hash is used after its end');
    const worker = this.#worker ?? this.#start();
    const answer = await new Promise<HashAnswer>((resolve, reject) => {
      this.#waiting.set(message.id, { resolve, reject });
      worker.postMessage(message);
    });
    if (answer.failure !== undefined) throw new HashTrouble(answer.failure);
    return answer;
  }

  #close(id: number): void {
    if (!this.#open.delete(id)) return;
    this.#settle({ id, failure: 'ECANCELED' });
    this.#worker?.postMessage({ id, kind: 'close' } satisfies HashMessage);
    if (this.#open.size > 0) return;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #settle(answer: HashAnswer): void {
    this.#waiting.get(answer.id)?.resolve(answer);
    this.#waiting.delete(answer.id);
  }

  #start(): Worker {
    // The published files end in .js, those of a checkout in .ts.
    const file = new URL(`./hash-worker${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: 16 } });
    worker.on('message', (answer: HashAnswer) => this.#settle(answer));
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', () => this.#lose(worker, new Error('The hashing thread ended too early')));
    this.#worker = worker;
    return worker;
  }

  #lose(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
