/** Sees everything that comes and goes in a namespace, so that what was made twice is known although one of the two is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, watchApi } from '../../peers/kubernetes-api.ts';
import type { Thing } from './ground.ts';
import { PHASES, type Shown } from './story.ts';

const WATCHED = {
  migrations: (namespace: string) => `/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/vmmigrations`,
  jobs: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`,
  claims: (namespace: string) => `/api/v1/namespaces/${namespace}/persistentvolumeclaims`,
  machines: (namespace: string) => `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines`,
};
type Kind = keyof typeof WATCHED;
const LOOK_MS = 20;

export class Witness implements AsyncDisposable {
  /** Names by uid, of all that ever was. */
  readonly #seen: Readonly<Record<Kind, Map<string, string>>> = {
    ...{ migrations: new Map(), jobs: new Map(), claims: new Map(), machines: new Map() },
  };
  readonly #stop = new AbortController();
  readonly #watching: Promise<unknown>;
  /** Of the first VmMigration, as it was told last. */
  #phase = '';

  constructor(api: ApiServer, namespace: string) {
    const kinds = Object.keys(WATCHED) as Kind[];
    this.#watching = Promise.all(kinds.map((kind) => this.#watch(kind, api, WATCHED[kind](namespace))));
  }

  /** Names of all that ever was, each as often as it was made. */
  made(kind: Kind): readonly string[] {
    return [...this.#seen[kind].values()].toSorted();
  }

  get phase(): string {
    return this.#phase;
  }

  /** Waits until the VM is in this phase, or past it. False when it ended before. */
  async reached(phase: Shown, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const index = (PHASES as readonly string[]).indexOf(this.#phase);
      if (index >= PHASES.indexOf(phase)) return true;
      if (this.hasEnded()) return false;
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  hasEnded(): boolean {
    return ['Completed', 'Canceled', 'Failed', 'gone'].includes(this.#phase);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  async #watch(kind: Kind, api: ApiServer, path: string): Promise<void> {
    for await (const { type, object } of watchApi<Thing>(api, path, this.#stop.signal)) {
      const { name, uid } = object.metadata;
      this.#seen[kind].set(uid, name);
      // A plan that still means the VM makes it another one later: that is another story.
      if (kind !== 'migrations' || this.#phase === 'gone') continue;
      // While the API server is away nobody tells that one went; another one in its place does.
      const isGone = type === 'DELETED' || this.#seen.migrations.size > 1;
      this.#phase = isGone ? 'gone' : (object.status?.phase ?? this.#phase);
    }
  }
}
