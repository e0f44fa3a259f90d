/** What people want of VMs whose state is in a folder: the schedule they gave, what they say from other processes, and the VMs of a group. */
import { watch } from 'node:fs';
import type { Clock } from '../contracts/clock.ts';
import type { Store } from '../contracts/destination.ts';
import type { FolderWishes } from '../contracts/folder-migration.ts';
import type { Companion, VmWishes } from '../contracts/wishes.ts';
import { MigrationError } from '../model/errors.ts';
import { isTerminal, type Phase } from '../model/phase.ts';
import type { VmPlan, VmProgress } from '../model/plan.ts';
import { HELD_BY_TEST } from '../model/precopy.ts';
import type { Schedule } from '../model/schedule.ts';
import { makeFolder } from './durable-file.ts';
import { keepSchedule } from './schedule-file.ts';
import { readHolds, readWishes, wishFolder } from './wish-files.ts';

export interface FolderWishesOptions {
  /** Kept for processes that are told nothing; absent: nobody said anything, ever. */
  readonly schedule?: Schedule | undefined;
  /** All VMs of the run. */
  readonly plans: readonly VmPlan[];
  readonly store: Store;
  readonly clock: Clock;
}

/** What is known of one VM, and whether it was told. */
interface Post {
  readonly plan: VmPlan;
  /** Grows with whatever its wishes may have become others by. */
  version: number;
  /** That of the wishes that were read last. */
  seen: number;
  progress?: VmProgress;
  readonly waiting: Set<() => void>;
}

/** What people said from other processes: when to cut over, and whose targets tests lie on, by target name. */
interface Said {
  readonly asked: ReadonlyMap<string, number>;
  readonly held: ReadonlySet<string>;
}

const AT_ONCE: Schedule = { cutover: { kind: 'when-ready' }, blackouts: [] };

/** Milliseconds between two looks, for file systems that tell nothing of what other machines write. */
const POLL = 5_000;

const LOST: ReadonlySet<Phase> = new Set(['Failed', 'Canceled', 'RolledBack']);

/** @throws MigrationError `state-unreadable` */
export async function openFolderWishes(folder: string, options: FolderWishesOptions): Promise<FolderWishes> {
  return new WatchedWishes(folder, options, { asked: await readWishes(folder), held: await readHolds(folder) });
}

class WatchedWishes implements FolderWishes {
  readonly store: Store;
  readonly #folder: string;
  readonly #options: FolderWishesOptions;
  readonly #posts: ReadonlyMap<string, Post>;
  readonly #groups: ReadonlyMap<string, readonly Post[]>;
  readonly #closed = new AbortController();
  readonly #stuck = new AbortController();
  #said: Said;
  #isKept = false;
  #following: Promise<void> | undefined;
  #looking = Promise.resolve();

  constructor(folder: string, options: FolderWishesOptions, said: Said) {
    this.#folder = folder;
    this.#options = options;
    this.#said = said;
    this.#posts = new Map(
      options.plans.map((plan) => [plan.mapping.targetName, { plan, version: 0, seen: 0, waiting: new Set<() => void>() }]),
    );
    const grouped = [...this.#posts.values()].filter(({ plan }) => plan.group !== undefined);
    this.#groups = Map.groupBy(grouped, ({ plan }) => plan.group ?? '');
    this.store = {
      load: async (name) => {
        const progress = await options.store.load(name);
        // What failed in an earlier process is tried again in this one.
        if (progress !== undefined && !LOST.has(progress.phase)) this.#note(progress);
        return progress;
      },
      save: async (progress) => {
        await this.#keepSchedule();
        await options.store.save(progress);
        this.#note(progress);
      },
    };
  }

  get stuck(): AbortSignal {
    return this.#stuck.signal;
  }

  of({ mapping, group }: VmPlan): VmWishes {
    const post = this.#postOf(mapping.targetName);
    post.seen = post.version;
    const cutoverAt = this.#said.asked.get(mapping.targetName);
    return {
      schedule: this.#options.schedule ?? AT_ONCE,
      ...(cutoverAt !== undefined && { cutoverAt }),
      ...(this.#said.held.has(mapping.targetName) && { held: HELD_BY_TEST }),
      ...(group !== undefined && { companions: this.#othersOf(post).map(companion) }),
    };
  }

  async changed({ mapping }: VmPlan, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#following ??= this.#follow();
    const post = this.#postOf(mapping.targetName);
    if (post.seen !== post.version) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = (): void => reject(signal.reason);
    post.waiting.add(resolve);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', stop);
      post.waiting.delete(resolve);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#following;
    await this.#looking;
  }

  /** Not before the first progress: only then the folder is ours. */
  async #keepSchedule(): Promise<void> {
    const { schedule } = this.#options;
    if (this.#isKept || schedule === undefined) return;
    this.#isKept = true;
    await keepSchedule(this.#folder, schedule);
  }

  #postOf(target: string): Post {
    const post = this.#posts.get(target);
    if (post === undefined) throw new Error(`${target} is none of the run`);
    return post;
  }

  #othersOf({ plan }: Post): readonly Post[] {
    const { group } = plan;
    return group === undefined ? [] : (this.#groups.get(group) ?? []).filter((post) => post.plan !== plan);
  }

  #note(progress: VmProgress): void {
    const post = this.#postOf(progress.targetName);
    const { phase } = post.progress ?? {};
    post.progress = progress;
    if (phase !== progress.phase) for (const other of this.#othersOf(post)) bump(other);
    const mayBeLast = this.#groups.size > 0 && (isTerminal(progress.phase) || progress.outlook?.next === 'group');
    if (mayBeLast && this.#isStuck()) this.#stuck.abort();
  }

  #isStuck(): boolean {
    const left = [...this.#posts.values()].filter(({ progress }) => progress === undefined || !isTerminal(progress.phase));
    return left.length > 0 && left.every((post) => this.#waitsInVain(post));
  }

  #waitsInVain(post: Post): boolean {
    const { phase, outlook } = post.progress ?? {};
    if (phase !== 'AwaitCutover' || outlook?.next !== 'group') return false;
    return this.#othersOf(post).some(({ progress }) => progress !== undefined && LOST.has(progress.phase));
  }

  /** Looks whenever the folder says that something is new there, and now and then in case that it says nothing. */
  async #follow(): Promise<void> {
    const { signal } = this.#closed;
    const place = wishFolder(this.#folder);
    try {
      await makeFolder(place);
      const watcher = watch(place, { signal, persistent: false }, () => this.#look());
      watcher.on('error', () => watcher.close());
    } catch {
      // Then it is looked at now and then only.
    }
    while (!signal.aborted) {
      this.#look();
      await this.#options.clock.sleep(POLL, signal).catch(() => undefined);
    }
  }

  #look(): void {
    this.#looking = this.#looking.then(async () => {
      if (this.#closed.signal.aborted) return;
      try {
        const [asked, held] = await Promise.all([readWishes(this.#folder), readHolds(this.#folder)]);
        const before = this.#said;
        this.#said = { asked, held };
        for (const [target, post] of this.#posts) {
          const isOther = asked.get(target) !== before.asked.get(target) || held.has(target) !== before.held.has(target);
          if (isOther) bump(post);
        }
      } catch (error) {
        // What cannot be read changes nothing; whoever starts the next process is told.
        if (!(error instanceof MigrationError)) throw error;
      }
    });
  }
}

function bump(post: Post): void {
  post.version += 1;
  for (const resolve of post.waiting) resolve();
}

function companion({ plan, progress }: Post): Companion {
  return { name: plan.vm.name, type: plan.type, ...(progress !== undefined && { phase: progress.phase }) };
}
