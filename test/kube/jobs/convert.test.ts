/**
 * Guests that workers convert: on the real control plane, with Pods that run, in a namespace that enforces the restricted level. The workers only say
 * what they did; the real converter is in convert.soak.ts, its overlays and commits in test/scenarios/cluster-guests.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { WorkerOrder } from '../../../src/contracts/worker-order.ts';
import { claimOf } from '../../../src/kube/destination/cluster-destination.ts';
import { journalClaim, journalClaimName } from '../../../src/kube/jobs/journal-claim.ts';
import { someNodeHasKvm } from '../../../src/kube/jobs/kvm-nodes.ts';
import { ORDER } from '../../../src/kube/jobs/pod-volumes.ts';
import { CLAIMS } from '../../../src/kube/kinds.ts';
import type { GuestOutcome } from '../../../src/model/conversion.ts';
import type { VmPlan } from '../../../src/model/plan.ts';
import { expectApi } from '../../peers/kubernetes-api.ts';
import { Ground, type Thing } from '../../scenarios/cluster/ground.ts';
import { open } from '../cluster.ts';
import { COPY, type Copied, copied, KEYS, type Stage, watched } from './converting.ts';

const CAPACITY = 64 * 2 ** 20;
/** A worker that says what it did, and one that never comes to an end. */
const SAYS = 'kubeferry.example/says:1';
const SLEEPS = 'kubeferry.example/sleeps:1';
const OUTCOME: GuestOutcome = {
  ...{ policy: 'convert', copy: COPY, accelerator: 'tcg', converter: 'virt-v2v-in-place 2.2.0', guest: 'Debian GNU/Linux 12' },
  changes: [{ subject: 'system', what: 'It boots by virtio now.' }],
  warnings: [],
  seconds: [{ phase: 'convert', seconds: 9 }],
  disks: [{ disk: KEYS[1], changed: 65_536, root: 'bb' }],
};

let stage: Stage;

before(async () => {
  const end = JSON.stringify({ result: { outcome: gzipSync(JSON.stringify(OUTCOME)).toString('base64') } });
  const ground = await Ground.start({
    images: {
      [`${SAYS}-conversion`]: ['sh', '-c', `echo '{"guest":"Picking a kernel"}'; sleep 2; echo '${end}' > /dev/termination-log`],
      [`${SLEEPS}-conversion`]: ['sh', '-c', 'exec sleep 600'],
    },
  });
  const namespace = ground.name('guests');
  await ground.namespace(namespace, {});
  stage = { ground, namespace, cluster: await open(ground.plane.kubeconfig()) };
});
after(async () => {
  stage?.cluster[Symbol.dispose]();
  await stage?.ground[Symbol.asyncDispose]();
});

/** What a Pod was told to do. */
function orderOf(pod: Thing | undefined): Extract<WorkerOrder, { readonly kind: 'convert' }> {
  const { annotations } = (pod?.metadata ?? {}) as { readonly annotations?: Readonly<Record<string, string>> };
  return JSON.parse(annotations?.[ORDER] ?? '');
}

async function running(vm: Copied): Promise<void> {
  await stage.ground.until(async () => (await vm.pods()).some(({ status }) => status?.phase === 'Running'));
}

test('a guest is converted with all of its disks at hand, and its claims say what they hold since', async () => {
  await using vm = await copied('says', SAYS, CAPACITY, stage);
  const work = watched();
  // The copy of the device has left its journal on a claim of its own, in which hashes may be.
  const journal = journalClaimName(vm.owner, KEYS[1]);
  const { client } = stage.cluster;
  const [, device] = vm.request.disks.map(({ key }) => claimOf(vm.plan, key));
  assert.ok(device !== undefined);
  const made = journalClaim({ name: journal, owner: vm.owner, namespace: stage.namespace }, device, CAPACITY);
  await client.apply(CLAIMS, made, { signal: work.signal });
  const outcome = await vm.conversions().convert(vm.plan, vm.request, work);
  assert.deepEqual(outcome, OUTCOME);
  assert.deepEqual(work.told, ['Picking a kernel']);
  assert.deepEqual(await vm.filled(), ['aa', 'bb'], 'what nobody wrote to is what it was');
  const [pod, ...others] = await vm.pods();
  assert.deepEqual(others, []);
  assert.equal(pod?.spec?.['automountServiceAccountToken'], false);
  const { disks } = orderOf(pod).request;
  assert.deepEqual(
    disks.map((disk) => disk.journal),
    ['/disks/0/disk.img.journal', '/journals/1/journal'],
  );
  assert.partialDeepStrictEqual(pod?.spec?.['volumes'], [{ name: 'journal-1', persistentVolumeClaim: { claimName: journal } }]);
  // Whoever comes after a restart finds the Job; nothing is done twice.
  assert.deepEqual(await vm.conversions().convert(vm.plan, vm.request, watched()), OUTCOME);
  assert.equal((await vm.pods()).length, 1);
  // The next try of the VM has a Job of its own, on the same claim.
  await vm.conversions({ attempt: 1 }).convert(vm.plan, vm.request, watched());
  assert.equal((await vm.pods()).length, 2);
  assert.ok((await vm.scratch()) !== undefined);
  await vm.conversions().release(vm.plan, AbortSignal.timeout(30_000));
  await stage.ground.until(async () => (await vm.scratch()) === undefined && (await vm.pods()).length === 0);
});

test('a Job goes on when its operator ends, and the next one waits for it', async () => {
  await using vm = await copied('left', SAYS, CAPACITY, stage);
  const leave = new AbortController();
  const first = vm.conversions({ leave: leave.signal }).convert(vm.plan, vm.request, watched(leave.signal));
  first.catch(() => undefined);
  await running(vm);
  assert.deepEqual(await vm.filled(), [undefined, undefined], 'nothing boots from a disk that is written to');
  leave.abort(new Error('the operator ends'));
  await assert.rejects(first, /the operator ends/);
  assert.deepEqual(await vm.conversions().convert(vm.plan, vm.request, watched()), OUTCOME);
  assert.equal((await vm.pods()).length, 1);
});

test('a VM that is canceled ends its Job, and leaves nothing of it', async () => {
  await using vm = await copied('canceled', SLEEPS, CAPACITY, stage);
  const stop = new AbortController();
  const converting = vm.conversions().convert(vm.plan, vm.request, watched(stop.signal));
  converting.catch(() => undefined);
  await running(vm);
  stop.abort(new Error('canceled'));
  await assert.rejects(converting, /canceled/);
  assert.deepEqual(await vm.pods(), []);
  await stage.ground.until(async () => (await vm.scratch()) === undefined);
});

test('what a plan names has to be where guests are converted', async () => {
  await using vm = await copied('named', SAYS, CAPACITY, stage);
  const { signal } = watched();
  const check = async (conversion: object): Promise<void> =>
    await vm.conversions().check([{ ...vm.plan, conversion } as unknown as VmPlan], signal);
  await assert.rejects(check({ policy: 'convert', keys: 'luks' }), /There is no Secret luks in guests/);
  await assert.rejects(check({ policy: 'convert', virtioWin: 'drivers/virtio-win.iso' }), /There is no claim drivers in guests/);
  await check({ policy: 'convert', virtioWin: 'images/virtio-win.iso' });
});

test('KVM is asked for where a node offers it, of those that workers may run on', async () => {
  const { ground, cluster } = stage;
  const { client } = cluster;
  const { signal } = watched();
  assert.equal(await someNodeHasKvm(client, { nodeSelector: {} }, signal), false);
  const node = `/api/v1/nodes/${ground.kubelet.node}/status`;
  const devices = (count: string | null) => ({ 'devices.kubevirt.io/kvm': count });
  const offer = async (count: string | null): Promise<void> => {
    await expectApi(ground.plane.api, 'PATCH', node, { status: { capacity: devices(count), allocatable: devices(count) } });
  };
  await offer('1k');
  assert.equal(await someNodeHasKvm(client, { nodeSelector: {} }, signal), true);
  assert.equal(await someNodeHasKvm(client, { nodeSelector: { disk: 'fast' } }, signal), false);
  await using vm = await copied('kvm', SAYS, CAPACITY, stage);
  await vm.conversions().convert(vm.plan, vm.request, watched());
  const [pod] = await vm.pods();
  const [container] = (pod?.spec?.['containers'] ?? []) as readonly { readonly resources: { readonly limits: object } }[];
  assert.partialDeepStrictEqual(container?.resources.limits, devices('1'));
  await offer(null);
});
