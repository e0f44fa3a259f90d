/**
 * Keeps up with all objects of one kind: a list, then a watch from where it was. Everything that can end a watch is survived: its time is up,
 * the server restarts, the connection dies without a word, the moment to go on from is forgotten. What was missed is told as changes then.
 */
import type { Clock } from '../../contracts/clock.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient, KubeObject, ResourceType, Selection } from '../client/kube-client.ts';
import { backOffAfter } from './back-off.ts';
import { type Change, type Index, keyOf, ObjectStore, type StoredObjects } from './object-store.ts';

export interface InformerOptions<T> {
  readonly client: KubeClient;
  readonly type: ResourceType;
  readonly selection?: Selection;
  /** What is kept of an object. */
  readonly project: (object: KubeObject) => T;
  readonly indexes?: Readonly<Record<string, Index>>;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** Called in order, after the store has changed. Must not throw and must not wait. */
  readonly onChange?: (change: Change<T>) => void;
  /** Called when something went wrong; it is tried again. */
  readonly onTrouble?: (error: unknown) => void;
  /** Called when a list is begun, at each of its pages, and when a watch is begun. Must not throw. */
  readonly onTurn?: (turn: 'list' | 'page' | 'watch') => void;
  /** Lists again after so many milliseconds although the watch works; never when absent. */
  readonly relistEvery?: number;
  /** Seconds after which the server ends a watch. */
  readonly watchSeconds?: number;
}

/** A list that works is no success yet: it may be followed by a watch that is refused, over and over. */
const BACK_OFF = { first: 500, longest: 30_000 };
const PAGE = 500;
const WATCH_SECONDS = 60;
/** A watch that ends sooner than this without having told anything is no good: come back slowly. */
const TOO_SOON_MS = 1000;

export class Informer<T> {
  readonly #options: InformerOptions<T>;
  readonly #store: ObjectStore<T>;
  readonly #synced = Promise.withResolvers<void>();
  /** Where the watch goes on; undefined: list first. */
  #from: string | undefined;
  #listedAt = 0;
  #failures = 0;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#store = new ObjectStore(options.project, options.indexes);
  }

  get objects(): StoredObjects<T> {
    return this.#store;
  }

  /** Resolves after the first whole list. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Runs until the signal aborts, then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, onTrouble } = this.#options;
    while (!signal.aborted) {
      try {
        if (this.#from === undefined || this.#relistDue()) await this.#relist(signal);
        const begun = clock.now();
        const told = await this.#follow(signal);
        if (told || clock.now() - begun >= TOO_SOON_MS) {
          this.#failures = 0;
          continue;
        }
        this.#failures += 1;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof MigrationError && error.code === 'cluster-expired') this.#from = undefined;
        this.#failures += 1;
        onTrouble?.(error);
      }
      await clock.sleep(backOffAfter(this.#failures, BACK_OFF, random()), signal).catch(() => undefined);
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { client, type, selection, clock, onTurn } = this.#options;
    onTurn?.('list');
    // A list that took so long that its moment was forgotten is asked in larger pages.
    const pageSize = PAGE * 4 ** Math.min(this.#failures, 5);
    const seen = new Set<string>();
    let from = '';
    for await (const page of client.list(type, { ...selection, pageSize, consistent: true, signal })) {
      from = page.resourceVersion;
      onTurn?.('page');
      for (const object of page.items) {
        seen.add(keyOf(object.metadata));
        this.#tell(this.#store.put(object));
      }
    }
    this.#tell(this.#store.keepOnly(seen));
    this.#from = from;
    this.#listedAt = clock.now();
    this.#synced.resolve();
  }

  /** True when the watch has told anything. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    const { client, type, selection, onTurn } = this.#options;
    onTurn?.('watch');
    let told = false;
    const watch = { ...selection, resourceVersion: this.#from ?? '', seconds: this.#watchSeconds(), signal };
    for await (const { type: happened, object } of client.watch(type, watch)) {
      if (happened === 'deleted') this.#tell(this.#store.remove(keyOf(object.metadata)));
      else if (happened !== 'bookmark') this.#tell(this.#store.put(object));
      this.#from = object.metadata.resourceVersion ?? this.#from;
      this.#failures = 0;
      told = true;
    }
    return told;
  }

  #tell(changes: readonly Change<T>[]): void {
    for (const change of changes) this.#options.onChange?.(change);
  }

  #relistDue(): boolean {
    const { clock, relistEvery } = this.#options;
    return relistEvery !== undefined && clock.now() >= this.#listedAt + relistEvery;
  }

  /** Such that the watch is over when it is time to list again. */
  #watchSeconds(): number {
    const { clock, relistEvery, watchSeconds = WATCH_SECONDS } = this.#options;
    if (relistEvery === undefined) return watchSeconds;
    const left = Math.ceil((this.#listedAt + relistEvery - clock.now()) / 1000);
    return Math.max(1, Math.min(watchSeconds, left));
  }
}
