/** Hooks as Jobs on the real control plane, in a namespace that enforces the restricted level. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HookEnd } from '../../../src/contracts/hooks.ts';
import type { HookSpec } from '../../../src/kube/hooks/hook-job.ts';
import { JobHooks } from '../../../src/kube/hooks/job-hooks.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { Ground } from '../../scenarios/cluster/ground.ts';
import { open } from '../cluster.ts';
import { makeOwner, planFor, startWorkers, type Workers } from '../jobs/bench.ts';

const NAMESPACE = 'hooks';
const IMAGE = 'kubeferry.example/hook:1';
const SAY = 'echo "$KUBEFERRY_PLAN $KUBEFERRY_VM $KUBEFERRY_HOOK $ASSET" > /dev/termination-log';
const NEVER = new AbortController().signal;

let ground: Ground;
let cluster: Cluster;
let workers: Workers;
before(async () => {
  ground = await Ground.start({ images: { [IMAGE]: ['sh', '-c', SAY] } });
  await ground.namespace(NAMESPACE, {});
  await ground.secret(NAMESPACE, 'cmdb', { ASSET: '4711' });
  cluster = await open(ground.plane.kubeconfig());
  workers = await startWorkers(cluster.client, NAMESPACE);
});
after(async () => {
  await workers?.[Symbol.asyncDispose]();
  cluster?.[Symbol.dispose]();
  await ground?.[Symbol.asyncDispose]();
});

interface About {
  readonly vm: string;
  readonly spec?: Partial<HookSpec>;
  readonly attempt?: number;
  readonly onWait?: (because: string | undefined) => void;
  readonly signal?: AbortSignal;
}

/** Runs one hook as somebody who knows nothing of an earlier run. */
function runner(
  owner: Awaited<ReturnType<typeof makeOwner>>,
  { vm, spec = {}, attempt = 0, onWait = () => undefined, signal }: About,
) {
  const specs: HookSpec[] = [{ at: 'BeforeCopy', image: IMAGE, timeoutSeconds: 60, onError: 'Fail', ...spec }];
  const about = { client: cluster.client, watch: workers.watch, owner, planName: 'first', specs, attempt };
  const hooks = new JobHooks({ ...about, ttlSeconds: 3600, every: 200, leave: NEVER });
  const plan = planFor({ name: vm, storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', capacity: 1024 });
  const [hook] = hooks.all;
  assert.ok(hook);
  return (): Promise<HookEnd> => hooks.run(hook, plan, { signal: signal ?? AbortSignal.timeout(60_000), onWait });
}

async function jobsOf(uid: string) {
  return await ground.list(`/apis/batch/v1/namespaces/${NAMESPACE}/jobs?labelSelector=kubeferry.dev%2Fmigration%3D${uid}`);
}

test('a hook is told what it is for, has its Secret, and what it says in the end is kept; who comes back finds it', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'web');
  const run = runner(owner, { vm: 'web', spec: { secretRef: { name: 'cmdb' } } });
  const end = await run();
  assert.equal(end.outcome, 'succeeded');
  assert.equal(end.message, 'first web BeforeCopy 4711');
  assert.deepEqual(await run(), end);
  const jobs = await jobsOf(owner.uid);
  assert.deepEqual(
    jobs.map(({ metadata, status }) => [metadata.name, status?.['succeeded']]),
    [[end.by, 1]],
  );
});

test('a hook that fails says how, and runs again when its VM is tried again', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'fails');
  const spec = { command: ['sh', '-c', 'echo the queue is not empty; exit 7'] };
  const end = await runner(owner, { vm: 'fails', spec })();
  assert.deepEqual([end.outcome, end.message.split(':')[0]], ['failed', 'exit code 7']);
  const again = await runner(owner, { vm: 'fails', attempt: 1 })();
  assert.equal(again.outcome, 'succeeded');
  assert.notEqual(again.by, end.by);
});

test('a hook that does not end in time is ended', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'hangs');
  const end = await runner(owner, { vm: 'hangs', spec: { command: ['sleep', '600'], timeoutSeconds: 2 } })();
  assert.equal(end.outcome, 'timed-out');
});

test('a hook whose image cannot be pulled says so while it waits, and in the end', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'no-image');
  const waits: (string | undefined)[] = [];
  const spec = { image: 'kubeferry.example/missing:1', timeoutSeconds: 4 };
  const end = await runner(owner, { vm: 'no-image', spec, onWait: (because) => waits.push(because) })();
  assert.match(waits[0] ?? '', /ErrImagePull.*kubeferry\.example\/missing:1/);
  assert.equal(waits.at(-1), undefined);
  assert.equal(end.outcome, 'timed-out');
  assert.match(end.message, /ErrImagePull/);
});

test('a hook of a VM that is canceled is ended', async () => {
  const owner = await makeOwner(ground, NAMESPACE, 'canceled');
  const cancel = new AbortController();
  const running = runner(owner, { vm: 'canceled', spec: { command: ['sleep', '600'] }, signal: cancel.signal })();
  await ground.until(async () => (await jobsOf(owner.uid))[0]?.status?.['active'] === 1);
  cancel.abort(new Error('not wanted any more'));
  await assert.rejects(running, /not wanted any more/);
  await ground.until(async () => (await jobsOf(owner.uid)).length === 0);
});
