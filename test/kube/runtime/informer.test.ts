/** Informers on a real API server in bad times. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeClient } from '../../../src/kube/client/kube-client.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { Informer, type InformerOptions } from '../../../src/kube/runtime/informer.ts';
import { byLabel, type Change } from '../../../src/kube/runtime/object-store.ts';
import { type ControlPlane, startControlPlane } from '../../peers/control-plane.ts';
import { CLOCK, CONFIG_MAP, configMap, NAMESPACE, open } from '../cluster.ts';
import { startStallingProxy } from '../stalling-proxy.ts';

const { signal } = new AbortController();

let plane: ControlPlane;
let cluster: Cluster;
let client: KubeClient;
before(async () => {
  plane = await startControlPlane({ own: true });
  cluster = await open(plane.kubeconfig());
  client = cluster.client;
});
after(async () => {
  cluster?.[Symbol.dispose]();
  await plane[Symbol.asyncDispose]();
});

/** An informer of the ConfigMaps of a namespace of its own, which keeps only what they say under `a`. */
class Watcher implements AsyncDisposable {
  readonly told: string[] = [];
  readonly troubles: unknown[] = [];
  readonly informer: Informer<string>;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wake = Promise.withResolvers<void>();

  constructor(namespace: string, from: KubeClient, more: Partial<InformerOptions<string>> = {}) {
    this.informer = new Informer<string>({
      client: from,
      type: CONFIG_MAP,
      selection: { namespace, labels: 'test' },
      project: (object) => (object['data'] as Readonly<Record<string, string>>)['a'] ?? '',
      indexes: { test: byLabel('test') },
      clock: CLOCK,
      random: () => 0,
      onChange: (change) => this.#tell(change),
      onTrouble: (error) => {
        this.troubles.push(error);
        this.#wake.resolve();
      },
      ...more,
    });
    this.#running = this.informer.run(this.#stop.signal);
  }

  #tell({ type, key, value, before }: Change<string>): void {
    this.told.push(`${type} ${key.split('/')[1]} ${before === undefined || type === 'deleted' ? '' : `${before}→`}${value}`);
    this.#wake.resolve();
  }

  /** Resolves when it holds; the test's own time limit ends a wait in vain. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

async function make(namespace: string, name: string, a: string): Promise<void> {
  const object = configMap(name, { a }, namespace);
  await client.apply(CONFIG_MAP, { ...object, metadata: { ...object.metadata, labels: { test: name } } }, { signal });
}

async function remove(namespace: string, name: string): Promise<void> {
  await client.delete(CONFIG_MAP, { namespace, name }, { signal });
}

async function newNamespace(name: string): Promise<string> {
  await client.create(NAMESPACE, { metadata: { name } }, { signal });
  return name;
}

test('what is there is told first, then what happens, and objects are found by their labels', async () => {
  const namespace = await newNamespace('plain');
  await make(namespace, 'old', '1');
  await using watcher = new Watcher(namespace, client);
  await watcher.informer.synced;
  assert.deepEqual(watcher.told, ['added old 1']);
  await make(namespace, 'new', '2');
  await make(namespace, 'new', '3');
  await remove(namespace, 'old');
  await watcher.until(() => watcher.told.length === 4);
  assert.deepEqual(watcher.told, ['added old 1', 'added new 2', 'modified new 2→3', 'deleted old 1']);
  assert.deepEqual([...watcher.informer.objects.values()], ['3']);
  assert.deepEqual(watcher.informer.objects.find('test', 'new'), ['3']);
  assert.equal(watcher.informer.objects.get('plain/new'), '3');
});

test('a watch whose time is up goes on where it was', async () => {
  const namespace = await newNamespace('short');
  let watches = 0;
  const counting: KubeClient = {
    ...bound(client),
    watch(type, options) {
      watches += 1;
      return client.watch(type, options);
    },
  };
  await using watcher = new Watcher(namespace, counting, { watchSeconds: 1 });
  await watcher.informer.synced;
  for (let round = 0; watches < 3; round += 1) {
    await make(namespace, 'again', String(round));
    await watcher.until(() => watcher.told.length === round + 1);
  }
  assert.deepEqual(watcher.troubles, []);
});

test('what happened behind a dead connection is told when our own clock has found it dead', async () => {
  const namespace = await newNamespace('dead');
  await using proxy = await startStallingProxy(Number(new URL(plane.api.url).port));
  const throughProxy = plane.kubeconfig().replace(plane.api.url, `https://127.0.0.1:${proxy.port}`);
  using far = await open(throughProxy, CLOCK, { watchGrace: 200 });
  await make(namespace, 'gone', '1');
  await using watcher = new Watcher(namespace, far.client, { watchSeconds: 1 });
  await watcher.informer.synced;
  await make(namespace, 'seen', '1');
  await watcher.until(() => watcher.told.length === 2);
  proxy.stall();
  await remove(namespace, 'gone');
  await make(namespace, 'missed', '1');
  await watcher.until(() => watcher.told.length === 4);
  assert.deepEqual(watcher.told.slice(2), ['deleted gone 1', 'added missed 1']);
  assert.match(String(watcher.troubles[0]), /silent/);
});

test('what happened while the API server was away is told when it is back', async () => {
  const namespace = await newNamespace('restart');
  await make(namespace, 'kept', '1');
  await using watcher = new Watcher(namespace, client);
  await watcher.informer.synced;
  await plane.restartApiServer();
  await make(namespace, 'after', '2');
  await remove(namespace, 'kept');
  await watcher.until(() => watcher.told.length === 3);
  assert.deepEqual(watcher.told, ['added kept 1', 'added after 2', 'deleted kept 1']);
  assert.ok(watcher.troubles.length > 0);
});

test('a moment that the server has forgotten is made up for by a list, of which only the differences are told', async () => {
  const namespace = await newNamespace('forgotten');
  for (const name of ['same', 'changed', 'gone']) await make(namespace, name, '1');
  let watches = 0;
  const forgetful: KubeClient = {
    ...bound(client),
    // The server was restarted above: it remembers nothing from before, and says 410 Gone.
    async *watch(type, options) {
      watches += 1;
      if (watches > 1) return yield* client.watch(type, options);
      await make(namespace, 'changed', '2');
      await make(namespace, 'new', '1');
      await remove(namespace, 'gone');
      yield* client.watch(type, { ...options, resourceVersion: '1' });
    },
  };
  await using watcher = new Watcher(namespace, forgetful);
  await watcher.until(() => watcher.told.length >= 6);
  assert.deepEqual(watcher.told.slice(3).toSorted(), ['added new 1', 'deleted gone 1', 'modified changed 1→2']);
  assert.deepEqual(
    watcher.troubles.map((error) => (error instanceof Error && 'code' in error ? error.code : error)),
    ['cluster-expired'],
  );
});

test('lists again in between when told to, without telling what is known', async () => {
  const namespace = await newNamespace('relist');
  await make(namespace, 'a', '1');
  let lists = 0;
  const relisted = Promise.withResolvers<void>();
  const counting: KubeClient = {
    ...bound(client),
    list(type, options) {
      lists += 1;
      if (lists === 3) relisted.resolve();
      return client.list(type, options);
    },
  };
  await using watcher = new Watcher(namespace, counting, { relistEvery: 500 });
  await relisted.promise;
  assert.deepEqual(watcher.told, ['added a 1']);
});

/** The methods of a client as an object that can be changed in parts. */
function bound(inner: KubeClient): KubeClient {
  return {
    get: (...args) => inner.get(...args),
    list: (...args) => inner.list(...args),
    create: (...args) => inner.create(...args),
    apply: (...args) => inner.apply(...args),
    patch: (...args) => inner.patch(...args),
    delete: (...args) => inner.delete(...args),
    watch: (...args) => inner.watch(...args),
    read: (...args) => inner.read(...args),
    readBytes: (...args) => inner.readBytes(...args),
  };
}
