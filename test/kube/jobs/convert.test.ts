/** Guests that workers convert: on the real control plane, with Pods that run, in a namespace that enforces the restricted level. */
import assert from 'node:assert/strict';
import { mkdir, open as openFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ResourceName } from '../../../src/contracts/resources.ts';
import { ClusterDestination } from '../../../src/kube/destination/cluster-destination.ts';
import type { Cluster } from '../../../src/kube/index.ts';
import { JobConversions } from '../../../src/kube/jobs/job-conversions.ts';
import { someNodeHasKvm } from '../../../src/kube/jobs/kvm-nodes.ts';
import { workerSetup } from '../../../src/kube/jobs/worker-setup.ts';
import type { ConversionRequest, GuestOutcome } from '../../../src/model/conversion.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import { STORAGE_CLASSES } from '../../peers/kubelet.ts';
import { expectApi } from '../../peers/kubernetes-api.ts';
import { Ground, IMAGES, type Thing } from '../../scenarios/cluster/ground.ts';
import { CLOCK, open } from '../cluster.ts';
import { makeOwner, startWorkers, type Workers } from './bench.ts';

const MiB = 1024 * 1024;
const CAPACITY = 64 * MiB;
const KEYS = ['scsi0:0', 'scsi0:1'] as const;
/** A worker that says what it did, and one that never comes to an end. */
const SAYS = 'kubeferry.example/says:1';
const SLEEPS = 'kubeferry.example/sleeps:1';
const COPY = '2030-01-01T00:00:00.000Z aa';
const OUTCOME: GuestOutcome = {
  ...{ policy: 'convert', copy: COPY, accelerator: 'tcg', converter: 'virt-v2v-in-place 2.2.0', guest: 'Debian GNU/Linux 12' },
  changes: [{ subject: 'system', what: 'It boots by virtio now.' }],
  warnings: [],
  seconds: [{ phase: 'convert', seconds: 9 }],
  disks: [{ disk: KEYS[1], changed: 65_536, root: 'bb' }],
};

let ground: Ground;
let cluster: Cluster;
let namespace: string;

before(async () => {
  const end = JSON.stringify({ result: { outcome: gzipSync(JSON.stringify(OUTCOME)).toString('base64') } });
  ground = await Ground.start({
    images: {
      [`${SAYS}-conversion`]: ['sh', '-c', `echo '{"guest":"Picking a kernel"}'; sleep 2; echo '${end}' > /dev/termination-log`],
      [`${SLEEPS}-conversion`]: ['sh', '-c', 'exec sleep 600'],
    },
  });
  namespace = ground.name('guests');
  await ground.namespace(namespace, {});
  cluster = await open(ground.plane.kubeconfig());
});
after(async () => {
  cluster?.[Symbol.dispose]();
  await ground?.[Symbol.asyncDispose]();
});

/** A VM with a disk on a claim with a file system and one on a block device, as they are when their copy is complete. */
interface Copied extends AsyncDisposable {
  readonly owner: ResourceName;
  readonly plan: VmPlan;
  readonly request: ConversionRequest;
  readonly workers: Workers;
  /** As a process has them that was just started. */
  conversions(options?: { readonly attempt?: number; readonly leave?: AbortSignal }): JobConversions;
}

async function copied(name: string, image: string): Promise<Copied> {
  const owner = await makeOwner(ground, namespace, name);
  const plan = planOf(name);
  const { client } = cluster;
  const destination = new ClusterDestination({ client, clock: CLOCK, owner, namespace });
  const signal = AbortSignal.timeout(60_000);
  await destination.claim([plan], { resume: true, signal });
  for (const key of KEYS) await destination.filled(plan, key, 'aa', signal);
  const workers = await startWorkers(client, namespace, { image });
  const disks = KEYS.map((key) => ({ key, path: '/elsewhere', proven: CAPACITY, root: 'aa' }));
  return {
    ...{ owner, plan, workers, request: { vm: name, copy: COPY, disks, firmware: 'bios', nics: [] } },
    conversions: ({ attempt = 0, leave = new AbortController().signal } = {}) => {
      const { jobs } = workers;
      const about = { client, jobs, setup: workerSetup(image), owner, destination, namespace, converted: false };
      return new JobConversions({ ...about, attempt, leave });
    },
    [Symbol.asyncDispose]: async () => await workers[Symbol.asyncDispose](),
  };
}

/** As much of a plan as claims and conversions read. */
function planOf(name: string): VmPlan {
  const claims = KEYS.map((_, index) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${name}-${index}` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: index === 0 ? 'Filesystem' : 'Block',
      storageClassName: STORAGE_CLASSES.immediate,
      resources: { requests: { storage: '64Mi' } },
    },
  }));
  const vm = { ref: { id: name, name }, name, disks: KEYS.map((key) => ({ key, capacity: CAPACITY })) };
  const placements = KEYS.map((disk, index) => ({ disk, claim: `${name}-${index}` }));
  const mapping = { targetName: name, placements, manifests: claims };
  return { vm, type: 'cold', itinerary: [], mapping, conversion: { policy: 'convert' } } as unknown as VmPlan;
}

interface Watched {
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
  readonly onWait: () => void;
}

function watched(signal: AbortSignal = AbortSignal.timeout(300_000)): Watched & { readonly told: string[] } {
  const told: string[] = [];
  return { signal, told, onProgress: (text) => void told.push(text), onWait: () => undefined };
}

async function podsOf({ owner }: Copied): Promise<readonly Thing[]> {
  return await ground.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=kubeferry.dev%2Fmigration%3D${owner.uid}`);
}

async function scratchOf({ owner }: Copied): Promise<Thing | undefined> {
  const claims = await ground.list(
    `/api/v1/namespaces/${namespace}/persistentvolumeclaims?labelSelector=kubeferry.dev%2Fmigration%3D${owner.uid}`,
  );
  return claims.find(({ metadata }) => metadata.name.endsWith('-guest'));
}

async function filledWith({ plan }: Copied): Promise<readonly unknown[]> {
  const claims = await Promise.all(plan.mapping.placements.map(({ claim }) => ground.claim(namespace, claim)));
  return claims.map((claim) => {
    const { annotations } = (claim?.metadata ?? {}) as { readonly annotations?: Readonly<Record<string, string>> };
    return annotations?.['kubeferry.dev/filled'];
  });
}

test('a guest is converted with all of its disks at hand, and its claims say what they hold since', async () => {
  await using vm = await copied('says', SAYS);
  const work = watched();
  const outcome = await vm.conversions().convert(vm.plan, vm.request, work);
  assert.deepEqual(outcome, OUTCOME);
  assert.deepEqual(work.told, ['Picking a kernel']);
  assert.deepEqual(await filledWith(vm), ['aa', 'bb'], 'what nobody wrote to is what it was');
  const [pod, ...others] = await podsOf(vm);
  assert.deepEqual(others, []);
  assert.equal(pod?.spec?.['automountServiceAccountToken'], false);
  // Whoever comes after a restart finds the Job; nothing is done twice.
  assert.deepEqual(await vm.conversions().convert(vm.plan, vm.request, watched()), OUTCOME);
  assert.equal((await podsOf(vm)).length, 1);
  assert.ok((await scratchOf(vm)) !== undefined);
  await vm.conversions().release(vm.plan, AbortSignal.timeout(30_000));
  await ground.until(async () => (await scratchOf(vm)) === undefined && (await podsOf(vm)).length === 0);
});

test('a Job goes on when its operator ends, and the next one waits for it', async () => {
  await using vm = await copied('left', SAYS);
  const leave = new AbortController();
  const first = vm.conversions({ leave: leave.signal }).convert(vm.plan, vm.request, watched(leave.signal));
  first.catch(() => undefined);
  await ground.until(async () => (await podsOf(vm)).some(({ status }) => status?.phase === 'Running'));
  assert.deepEqual(await filledWith(vm), [undefined, undefined], 'nothing boots from a disk that is written to');
  leave.abort(new Error('the operator ends'));
  await assert.rejects(first, /the operator ends/);
  assert.deepEqual(await vm.conversions().convert(vm.plan, vm.request, watched()), OUTCOME);
  assert.equal((await podsOf(vm)).length, 1);
});

test('a VM that is canceled ends its Job, and leaves nothing of it', async () => {
  await using vm = await copied('canceled', SLEEPS);
  const stop = new AbortController();
  const converting = vm.conversions().convert(vm.plan, vm.request, watched(stop.signal));
  converting.catch(() => undefined);
  await ground.until(async () => (await podsOf(vm)).some(({ status }) => status?.phase === 'Running'));
  stop.abort(new Error('canceled'));
  await assert.rejects(converting, /canceled/);
  assert.deepEqual(await podsOf(vm), []);
  await ground.until(async () => (await scratchOf(vm)) === undefined);
});

test('what a plan names has to be where guests are converted, unless that is behind it', async () => {
  await using vm = await copied('named', SAYS);
  const { signal } = watched();
  const check = async (conversion: object): Promise<void> =>
    await vm.conversions().check([{ ...vm.plan, conversion } as unknown as VmPlan], signal);
  await assert.rejects(check({ policy: 'convert', keys: 'luks' }), /There is no Secret luks in guests/);
  await assert.rejects(check({ policy: 'convert', virtioWin: 'drivers/virtio-win.iso' }), /There is no claim drivers in guests/);
  await check({ policy: 'convert', virtioWin: 'images/virtio-win.iso' });
});

test('KVM is asked for where a node offers it, of those that workers may run on', async () => {
  const { client } = cluster;
  const { signal } = watched();
  assert.equal(await someNodeHasKvm(client, { nodeSelector: {} }, signal), false);
  const node = `/api/v1/nodes/${ground.kubelet.node}/status`;
  const status = { capacity: { 'devices.kubevirt.io/kvm': '1k' }, allocatable: { 'devices.kubevirt.io/kvm': '1k' } };
  await expectApi(ground.plane.api, 'PATCH', node, { status });
  assert.equal(await someNodeHasKvm(client, { nodeSelector: {} }, signal), true);
  assert.equal(await someNodeHasKvm(client, { nodeSelector: { disk: 'fast' } }, signal), false);
  await using vm = await copied('kvm', SAYS);
  await vm.conversions().convert(vm.plan, vm.request, watched());
  const [pod] = await podsOf(vm);
  const [container] = (pod?.spec?.['containers'] ?? []) as readonly { readonly resources: { readonly limits: object } }[];
  assert.partialDeepStrictEqual(container?.resources.limits, { 'devices.kubevirt.io/kvm': '1' });
  const gone = { capacity: { 'devices.kubevirt.io/kvm': null }, allocatable: { 'devices.kubevirt.io/kvm': null } };
  await expectApi(ground.plane.api, 'PATCH', node, { status: gone });
});

test('the real converter finds no system on empty disks, says so, and leaves them as they are', async () => {
  await using vm = await copied('empty', IMAGES.worker);
  const volume = await ground.kubelet.volumePath(namespace, 'empty-0');
  await mkdir(volume, { recursive: true });
  await using disk = await openFile(path.join(volume, 'disk.img'), 'w+', 0o666);
  await disk.truncate(CAPACITY);
  await disk.chmod(0o666);
  await assert.rejects(
    vm.conversions().convert(vm.plan, vm.request, watched()),
    (error) => error instanceof MigrationError && error.code === 'guest-system-missing' && error.hint !== '',
  );
  assert.equal((await podsOf(vm)).length, 1, 'trying again does not help');
  assert.equal((await disk.stat()).blocks, 0);
  assert.deepEqual(await filledWith(vm), [undefined, undefined]);
  // The next try has a Job of its own: what that one failed by may be mended.
  await assert.rejects(vm.conversions().convert(vm.plan, vm.request, watched()), /guest|system/i);
  assert.equal((await podsOf(vm)).length, 1);
});
