/** Plays a story, and holds what is there at its end to what may be there. */
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type StallingProxy, startStallingProxy } from '../../kube/stalling-proxy.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import type { Ground, Operator } from './ground.ts';
import { type ClusterStory, type Fault, PHASES } from './story.ts';
import { Witness } from './witness.ts';

/** Where the VM of a story comes from. */
export interface Origin {
  /** Its name, or `*` where its source holds no other. */
  readonly vm: string;
  /** Makes its Provider `source`, with what that needs. */
  furnish(ground: Ground, namespace: string): Promise<void>;
  /** Of its only disk. */
  readonly content: Buffer;
  /** Jobs that read image files before anything begins. */
  readonly readers: number;
  /** Whether the source runs; undefined where that cannot be asked. */
  running(): Promise<boolean> | undefined;
}

export interface Ending {
  /** Phase at the end, or `gone`. */
  readonly ended: string;
  readonly struck: readonly string[];
}

const LONGEST_MS = 240_000;
const PLAN = 'first';

export function planOf({ vm }: Origin, volumeMode: ClusterStory['mode']): object {
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode, accessMode: 'ReadWriteOnce' };
  return {
    providerRef: { name: 'source' },
    selection: { where: [`name=${vm}`] },
    networkMap: { entries: [{ source: { name: '*' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
  };
}

export async function play(ground: Ground, origin: Origin, story: ClusterStory): Promise<Ending> {
  const namespace = ground.name(`story-${story.seed}`);
  await origin.furnish(ground, namespace);
  await using witness = new Witness(ground.plane.api, namespace);
  await using stage = await Stage.open(ground, namespace, witness);
  await ground.make(namespace, 'migrationplans', PLAN, planOf(origin, story.mode));
  const over = new AbortController();
  const limit = AbortSignal.any([over.signal, AbortSignal.timeout(LONGEST_MS)]);
  try {
    const [struck] = await Promise.all([stage.strikeAll(story.faults, limit), changeMind(stage, story, limit)]);
    while (!witness.hasEnded()) await sleep(100, undefined, { signal: limit });
    const ended = witness.phase;
    await check(stage, { origin, story, ended, limit });
    return { ended, struck };
  } catch (error) {
    throw new Error(`${String(error)}\n${await ground.told({ namespace, operator: stage.operator })}`, { cause: error });
  } finally {
    over.abort();
  }
}

async function changeMind({ ground, namespace, witness }: Stage, { mind }: ClusterStory, limit: AbortSignal): Promise<void> {
  if (mind === undefined || !(await witness.reached(mind.at, limit))) return;
  await sleep(mind.later);
  const [name = ''] = witness.made('migrations');
  if (mind.wish === 'cancel') await ground.change(namespace, 'vmmigrations', name, { canceled: true });
  else {
    // The plan still means the VM, and would begin it once more as soon as it is assessed anew.
    await ground.change(namespace, 'migrationplans', PLAN, { paused: true });
    await ground.remove(namespace, 'vmmigrations', name);
  }
}

/** The operator of a story, and the proxy between it and its API server. */
class Stage implements AsyncDisposable {
  readonly ground: Ground;
  readonly namespace: string;
  readonly witness: Witness;
  readonly #proxy: StallingProxy;
  readonly #over = new AbortController();
  #operator: Operator;

  private constructor(about: { ground: Ground; namespace: string; witness: Witness; proxy: StallingProxy }) {
    this.ground = about.ground;
    this.namespace = about.namespace;
    this.witness = about.witness;
    this.#proxy = about.proxy;
    this.#operator = this.#start();
  }

  static async open(ground: Ground, namespace: string, witness: Witness): Promise<Stage> {
    const proxy = await startStallingProxy(Number(new URL(ground.plane.api.url).port));
    return new Stage({ ground, namespace, witness, proxy });
  }

  get operator(): Operator {
    return this.#operator;
  }

  /** @returns those that had time to strike */
  async strikeAll(faults: readonly Fault[], limit: AbortSignal): Promise<readonly string[]> {
    const struck: string[] = [];
    for (const fault of faults) {
      if (!(await this.witness.reached(fault.at, limit))) break;
      await sleep(fault.later);
      struck.push(fault.kind);
      await this.#strike(fault);
    }
    return struck;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#operator[Symbol.asyncDispose]();
    await this.#proxy[Symbol.asyncDispose]();
  }

  async #strike({ kind }: Fault): Promise<void> {
    const { ground, namespace } = this;
    switch (kind) {
      case 'operator-killed':
        await this.operator.kill();
        await ground.forgetLeader(namespace);
        return;
      case 'operator-replaced': {
        const before = this.#operator;
        this.#operator = this.#start();
        await ground.until(async () => this.#operator.log().includes('pages are served'));
        await before.kill();
        return;
      }
      case 'operator-cut-off':
        return this.#proxy.stall();
      case 'worker-killed': {
        const pods = await ground.list(`/api/v1/namespaces/${namespace}/pods`);
        for (const { metadata, status } of pods) if (status?.phase === 'Running') ground.kubelet.kill(namespace, metadata.name);
        return;
      }
      case 'server-killed':
        return await ground.plane.restartApiServer();
    }
  }

  /** One that ends is started anew, as its Deployment does: also one that has lost its Lease because the API server was away. */
  #start(): Operator {
    const operator = this.ground.operate(this.namespace, { through: this.#proxy.port });
    void operator.ended.then(() => {
      if (!this.#over.signal.aborted && this.#operator === operator) this.#operator = this.#start();
    });
    return operator;
  }
}

interface Outcome {
  readonly origin: Origin;
  readonly story: ClusterStory;
  readonly ended: string;
  readonly limit: AbortSignal;
}

async function check(stage: Stage, { origin, story, ended, limit }: Outcome): Promise<void> {
  const { ground, namespace, witness } = stage;
  const settled = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds())) await sleep(100, undefined, { signal: limit });
  };
  assert.notEqual(ended, 'Failed');
  if (story.mind?.wish !== 'delete') assert.notEqual(ended, 'gone', 'nobody deleted it');
  if (ended !== 'gone') assert.equal(witness.made('migrations').length, 1, 'one VmMigration');
  // Image files may be read anew, where the API server was away when the list was to be written: also by a story beside this one.
  const workers = witness.made('jobs').filter((name) => !name.startsWith('source-'));
  assert.ok(workers.length <= 1, `no worker was started twice: ${workers.join(', ')}`);
  const arrived = (await ground.machines(namespace)).length === 1;
  if (ended === 'Completed') assert.ok(arrived);
  if (arrived) {
    assert.equal(witness.made('machines').length, 1, 'one VirtualMachine was ever made');
    if (ended === 'Completed') await checkHistory(stage);
    await checkBytes(stage, origin);
    assert.notEqual(await origin.running(), true, 'the source stays off');
  } else {
    assert.deepEqual(witness.made('machines'), []);
    assert.notEqual(await origin.running(), false, 'the source runs again');
  }
  if (ended === 'Completed' && story.mind?.wish !== 'delete') await ground.remove(namespace, 'migrationplans', PLAN);
  const isThere = arrived ? 1 : 0;
  await settled(async () => (await ground.claims(namespace)).length === isThere);
  await settled(async () => (await ground.jobs(namespace)).length === origin.readers);
  const [claim] = await ground.claims(namespace);
  assert.equal(claim?.metadata.ownerReferences, undefined, 'nothing takes the claim away from the VM');
  assert.equal((await ground.machines(namespace)).length, isThere);
}

async function checkHistory({ ground, namespace }: Stage): Promise<void> {
  const [vm] = await ground.migrations(namespace);
  const history = (vm?.status?.['history'] ?? []) as readonly { readonly phase: string }[];
  assert.deepEqual(
    history.map(({ phase }) => phase),
    ['Pending', ...PHASES],
    'each phase once',
  );
}

async function checkBytes({ ground, namespace }: Stage, { content }: Origin): Promise<void> {
  const claims = await ground.claims(namespace);
  const disk = claims.find(({ metadata }) => !metadata.name.endsWith('-journal'));
  const volume = await ground.kubelet.volumePath(namespace, disk?.metadata.name ?? '');
  await using file = await open(disk?.spec?.['volumeMode'] === 'Block' ? volume : path.join(volume, 'disk.img'));
  const bytes = Buffer.alloc(content.length);
  await file.read(bytes, 0, bytes.length, 0);
  assert.ok(bytes.equals(content), 'the claim holds the bytes of the disk');
}
