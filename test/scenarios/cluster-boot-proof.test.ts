/**
 * Migrations to a cluster that count as done when the guest was seen to boot: a real operator, a real control plane, a simulated vCenter, and KubeVirt's part
 * played by stories. One VM arrives; one does not come up, is stopped in the cluster and runs at its source again, and arrives when it is tried again.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { expectApi } from '../peers/kubernetes-api.ts';
import { type Beat, condition, playKubevirt, STARTS } from '../peers/played-kubevirt.ts';
import { type PlayedScreens, playScreens } from '../peers/played-screens.ts';
import type { SimulatedGuest } from '../peers/vcenter/guest.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { Ground, type Operator } from './cluster/ground.ts';

const MiB = 1024 * 1024;
const PICTURE = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(500, 3)]);
const ANSWERS: readonly Beat[] = [
  ...STARTS,
  {
    instance: {
      conditions: [condition('AgentConnected', 'True')],
      guestOSInfo: { prettyName: 'Debian GNU/Linux 12 (bookworm)' },
    },
  },
];
const CRASHES: readonly Beat[] = [
  { machine: { startFailure: { consecutiveFailCount: 3 }, printableStatus: 'CrashLoopBackOff' }, instance: { phase: 'Failed' } },
];

let ground: Ground;
let vcenter: Vcenter;
let screens: PlayedScreens;
let namespace: string;
let played: AsyncDisposable;
/** What becomes of each VM once it is told to run. */
const stories = new Map<string, readonly Beat[]>();
before(async () => {
  [ground, vcenter] = await Promise.all([Ground.start({ own: true }), startVcenter({ vms: 1, clusters: 0 })]);
  const { api } = ground.plane;
  namespace = ground.name('proven');
  await ground.namespace(namespace, {});
  const { username: user, password, thumbprint } = vcenter;
  await ground.secret(namespace, 'vcenter', { user, password, thumbprint: thumbprint.sha256 });
  const url = `vsphere://${vcenter.host}:${vcenter.port}`;
  await ground.make(namespace, 'providers', 'source', { type: 'vsphere', url, secretRef: { name: 'vcenter' } });
  played = await playKubevirt({ api, namespace, story: (vm) => stories.get(vm) ?? [] });
  screens = await playScreens(api, () => PICTURE);
});
after(async () => {
  await screens?.[Symbol.asyncDispose]();
  await played?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
  await vcenter?.[Symbol.asyncDispose]();
});

interface Status {
  readonly phase?: string;
  readonly doing?: string;
  readonly proof?: {
    readonly booted: boolean;
    readonly evidence: readonly { readonly kind: string; readonly text: string }[];
    readonly trouble?: { readonly code: string };
    readonly screenshot?: string;
  };
  readonly failure?: { readonly phase: string; readonly code: string; readonly source?: string; readonly target?: string };
}

async function begin(name: string): Promise<SimulatedGuest> {
  const guest = await vcenter.guest(name, { disks: [MiB], seed: 7, writeEvery: 50 });
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  await ground.make(namespace, 'migrationplans', name, {
    ...{ providerRef: { name: 'source' }, selection: { names: [name] } },
    networkMap: { entries: [{ source: { name: '*' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    guest: { policy: 'compatibility' },
    shutdown: { graceSeconds: 20, otherwise: 'force' },
  });
  return guest;
}

async function statusOf(name: string): Promise<Status> {
  const found = (await ground.migrations(namespace)).find(({ spec }) => (spec?.['vm'] as { name?: string })?.name === name);
  return (found?.status ?? {}) as Status;
}

async function reaches(name: string, phase: string, operator: Operator): Promise<Status> {
  await ground.until(async () => (await statusOf(name)).phase === phase, { namespace, operator });
  return await statusOf(name);
}

async function strategyOf(name: string): Promise<unknown> {
  return (await ground.get(`/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines/${name}`))?.spec?.['runStrategy'];
}

interface Event {
  readonly reason: string;
  readonly note: string;
}

async function eventsOf(reason: string): Promise<readonly string[]> {
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
  const { items } = await expectApi<{ readonly items: readonly Event[] }>(ground.plane.api, 'GET', path);
  return items.filter((event) => event.reason === reason).map(({ note }) => note);
}

test('a VM arrives when its guest was seen to boot; one that was not is stopped, its source runs again, and the next try may be better', async () => {
  stories.set('boots', ANSWERS);
  stories.set('crashes', CRASHES);
  await using operator = ground.operate(namespace);
  const [, source] = [await begin('boots'), await begin('crashes')];

  const { proof: seen } = await reaches('boots', 'Completed', operator);
  assert.equal(seen?.booted, true);
  assert.deepEqual(
    seen.evidence.map(({ kind, text }) => [kind, text]),
    [['guest-agent', 'The guest agent answers: Debian GNU/Linux 12 (bookworm)']],
  );
  const map = await ground.get(`/api/v1/namespaces/${namespace}/configmaps/${seen.screenshot}`);
  assert.equal((map as unknown as { readonly binaryData: object }).binaryData['screen.png' as never], PICTURE.toString('base64'));
  const [proven = ''] = await eventsOf('BootProven');
  assert.match(proven, /^After \d+ s: The guest agent answers: Debian.*ConfigMap .*-boot-proof\.$/);

  const { proof, failure } = await reaches('crashes', 'Failed', operator);
  assert.equal(proof?.trouble?.code, 'reset-loop');
  assert.partialDeepStrictEqual(failure, { phase: 'Prove', code: 'boot-not-proven', source: 'started-again', target: 'stopped' });
  assert.equal(await strategyOf('crashes'), 'Halted');
  assert.equal(source.on, true);
  const instances = await ground.list(`/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachineinstances`);
  assert.deepEqual(
    instances.map(({ metadata }) => metadata.name),
    ['boots'],
  );
  assert.match((await eventsOf('BootNotProven'))[0] ?? '', /Not seen to boot in \d+ s: It ended 3 times/);

  stories.set('crashes', ANSWERS);
  const machine = `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines/crashes`;
  await expectApi(ground.plane.api, 'PATCH', `${machine}/status`, { status: { startFailure: null } });
  const failed = (await ground.migrations(namespace)).find(({ status }) => status?.phase === 'Failed');
  await ground.change(namespace, 'vmmigrations', failed?.metadata.name ?? '', { retry: 1 });
  const again = await reaches('crashes', 'Completed', operator);
  assert.equal(again.proof?.booted, true);
  assert.equal(again.failure, undefined);
  assert.equal(source.on, false);
  assert.notEqual(await strategyOf('crashes'), 'Halted');
});
