/** An operator that ends at each boundary of phases and begins anew: nothing is lost, and nothing happens twice. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { workerSetup } from '../../src/kube/jobs/worker-setup.ts';
import { operatorCluster } from '../../src/kube/operator-cluster.ts';
import { run } from '../../src/operator/run.ts';
import type { RecordOptions, VmRecord } from '../../src/operator/services.ts';
import { connect, createLog } from '../../src/wire.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { guestDisk } from '../demo/guest/disk.ts';
import { CLOCK, open } from '../kube/cluster.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { Ground, IMAGES } from './cluster/ground.ts';

const PHASES = ['PowerOffSource', 'CopyDisks', 'Convert', 'CreateVm', 'Prove', 'Completed'];

let ground: Ground;
let folder: string;
let namespace: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-guest-'));
  ground = await Ground.start();
  namespace = ground.name('restarts');
  await ground.namespace(namespace, { 'guest.ova': await buildGuest(folder) });
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test('a VM goes on where it was, whenever its operator ends', async () => {
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem' };
  await ground.make(namespace, 'providers', 'images', { type: 'image', images: { claim: 'images', path: 'guest.ova' } });
  await ground.make(namespace, 'migrationplans', 'first', {
    providerRef: { name: 'images' },
    selection: { where: ['name=*'] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
  });
  const entered: string[] = [];
  while (entered.at(-1) !== 'Completed') await operateUntilNextPhase(entered);
  assert.deepEqual(entered, PHASES);
  const [vm, ...others] = await ground.migrations(namespace);
  assert.deepEqual(others, []);
  const history = (vm?.status?.['history'] ?? []) as readonly { readonly phase: string }[];
  assert.deepEqual(
    history.map(({ phase }) => phase),
    ['Pending', ...PHASES.slice(0, -1)],
  );
  const jobs = await ground.jobs(namespace);
  assert.deepEqual(
    jobs.map(({ status }) => [status?.['succeeded'], status?.['failed']]),
    [
      [1, undefined],
      [1, undefined],
    ],
    'one Job read the files and one copied the disk, each once',
  );
  assert.equal((await ground.machines(namespace)).length, 1);
  const [claim, ...more] = await ground.claims(namespace);
  assert.deepEqual(more, []);
  const volume = await ground.kubelet.volumePath(namespace, claim?.metadata.name ?? '');
  assert.ok((await readFile(path.join(volume, 'disk.img'))).equals(guestDisk()));
});

/** Runs an operator until the VM has entered a phase that it was not in before; that phase is stored by then, and nothing of it is done. */
async function operateUntilNextPhase(entered: string[]): Promise<void> {
  const stop = new AbortController();
  using cluster = await open(ground.plane.kubeconfig());
  const parts = operatorCluster({
    client: cluster.client,
    clock: CLOCK,
    namespace,
    instance: 'test',
    workers: workerSetup(IMAGES.worker),
    lookEvery: 100,
    onTrouble: () => undefined,
    signal: stop.signal,
  });
  const record = (options: RecordOptions): VmRecord => {
    const store = parts.record(options);
    return {
      load: () => store.load(),
      save: async (progress) => {
        await store.save(progress);
        if (entered.includes(progress.phase)) return;
        entered.push(progress.phase);
        stop.abort();
      },
      wait: (reason, message) => store.wait(reason, message),
      replanned: (plan) => store.replanned(plan),
      phase: (plan, progress) => store.phase(plan, progress),
      transferStarts: (job) => store.transferStarts(job),
      transferMoves: (progress) => store.transferMoves(progress),
      transferEnds: (job, failed) => store.transferEnds(job, failed),
    };
  };
  await run({ ...parts, record, clock: CLOCK, log: createLog('error'), connect }, stop.signal);
}
