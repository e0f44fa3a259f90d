/**
 * Tests of targets on a real control plane: a warm VM waits, somebody wants to see what is copied until now, and its migration goes on and ends as if
 * nobody had. The truth of a clone is the target at the moment it was taken.
 */
import assert from 'node:assert/strict';
import { open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { kubeferry } from '../cli/session.ts';
import { withFile } from '../kube/cluster.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { callApi, expectApi } from '../peers/kubernetes-api.ts';
import { condition, playKubevirt, STARTS } from '../peers/played-kubevirt.ts';
import type { SimulatedGuest } from '../peers/vcenter/guest.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { Ground, IMAGES, type Operator, type Thing } from './cluster/ground.ts';
import { MARK } from './cluster/played-converter.ts';

const MiB = 1024 * 1024;
const PLAYED = path.join(import.meta.dirname, 'cluster/played-converter.ts');

let ground: Ground;
let vcenter: Vcenter;
before(async () => {
  const images = { [`${IMAGES.worker}-conversion`]: [process.execPath, PLAYED, '3'] };
  [ground, vcenter] = await Promise.all([Ground.start({ own: true, images }), startVcenter({ vms: 1, clusters: 0 })]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await vcenter?.[Symbol.asyncDispose]();
});

interface Status {
  readonly phase?: string;
  readonly outlook?: object;
  readonly test?: {
    readonly state: string;
    readonly vm: string;
    readonly by: string;
    readonly because: string;
    readonly holds: boolean;
    readonly message?: string;
    readonly guest?: { readonly system?: string };
  };
  readonly warm?: { readonly passes: readonly { readonly number: number }[] };
  readonly disks?: readonly { readonly claim: string; readonly sinceCutover?: string }[];
  readonly failure?: object;
}

class Story {
  readonly namespace: string;
  readonly guest: SimulatedGuest;
  readonly #operate: () => Operator;
  operator: Operator;

  constructor(namespace: string, guest: SimulatedGuest, operate: () => Operator) {
    this.namespace = namespace;
    this.guest = guest;
    this.#operate = operate;
    this.operator = operate();
  }

  /** Another one, after that was killed. */
  operate(): Operator {
    this.operator = this.#operate();
    return this.operator;
  }

  async status(): Promise<Status> {
    const [thing] = await ground.migrations(this.namespace);
    return (thing?.status ?? {}) as Status;
  }

  async reaches(holds: (status: Status) => boolean): Promise<Status> {
    let status: Status = {};
    const there = async (): Promise<boolean> => {
      status = await this.status();
      assert.equal(status.failure, undefined, JSON.stringify(status.failure));
      return holds(status);
    };
    await ground.until(there, { namespace: this.namespace, operator: this.operator });
    return status;
  }

  async set(spec: object): Promise<void> {
    const [thing] = await ground.migrations(this.namespace);
    await ground.change(this.namespace, 'vmmigrations', thing?.metadata.name ?? '', spec);
  }

  async claims(): Promise<readonly string[]> {
    return (await ground.claims(this.namespace)).map(({ metadata }) => metadata.name).sort();
  }

  /** What a claim holds; the file that is not finished yet where there is no other. */
  async content(claim: string, size: number): Promise<Buffer> {
    const volume = await ground.kubelet.volumePath(this.namespace, claim);
    const names = await readdir(volume).catch(() => undefined);
    if (names !== undefined)
      return await readFile(path.join(volume, names.find((name) => /^disk\.img(\.partial)?$/.test(name)) ?? ''));
    await using device = await open(volume);
    const bytes = Buffer.alloc(size);
    await device.read(bytes, 0, size, 0);
    return bytes;
  }
}

interface Beginning {
  /** Bytes of each disk. */
  readonly disks?: readonly number[];
  /** Further fields of the plan. */
  readonly plan?: object;
  readonly volumeMode: 'Filesystem' | 'Block';
  readonly storageClass: string;
  readonly operate: (namespace: string) => Operator;
}

async function begin(name: string, { volumeMode, storageClass, operate, disks = [2 * MiB], plan }: Beginning): Promise<Story> {
  const namespace = ground.name(name);
  await ground.namespace(namespace, {});
  const { username: user, password, thumbprint } = vcenter;
  await ground.secret(namespace, 'vcenter', { user, password, thumbprint: thumbprint.sha256 });
  const url = `vsphere://${vcenter.host}:${vcenter.port}`;
  await ground.make(namespace, 'providers', 'source', { type: 'vsphere', url, secretRef: { name: 'vcenter' } });
  const guest = await vcenter.guest(name, { disks, seed: 5, writeEvery: 5 });
  const target = { storageClass, volumeMode, accessMode: 'ReadWriteOnce' };
  await ground.make(namespace, 'migrationplans', 'plan', {
    ...{ providerRef: { name: 'source' }, selection: { names: [name] }, type: 'warm' },
    networkMap: { entries: [{ source: { name: '*' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    shutdown: { graceSeconds: 20, otherwise: 'force' },
    ...plan,
  });
  return new Story(namespace, guest, () => operate(namespace));
}

interface Machine {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly runStrategy: string;
    readonly template: { readonly spec: { readonly networks: readonly object[]; readonly domain: { readonly devices: object } } };
  };
}

async function machineOf(namespace: string, name: string): Promise<Machine | undefined> {
  const { status, body } = await callApi(
    ground.plane.api,
    'GET',
    `/apis/kubevirt.io/v1/namespaces/${namespace}/virtualmachines/${name}`,
  );
  return status === 404 ? undefined : (body as Machine);
}

/** What CDI says of a class whose driver clones volumes. */
async function saysClone(storageClass: string): Promise<void> {
  const { api } = ground.plane;
  const names = { plural: 'storageprofiles', singular: 'storageprofile', kind: 'StorageProfile', listKind: 'StorageProfileList' };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await callApi(api, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'storageprofiles.cdi.kubevirt.io' },
    spec: {
      group: 'cdi.kubevirt.io',
      scope: 'Cluster',
      names,
      versions: [{ name: 'v1beta1', served: true, storage: true, schema }],
    },
  });
  const profiles = '/apis/cdi.kubevirt.io/v1beta1/storageprofiles';
  await ground.until(async () => (await callApi(api, 'GET', profiles)).status === 200);
  await expectApi(api, 'POST', profiles, {
    ...{ apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'StorageProfile', metadata: { name: storageClass } },
    status: { cloneStrategy: 'csi-clone' },
  });
}

const waits = ({ phase, outlook, warm }: Status): boolean =>
  phase === 'AwaitPrecopy' && outlook !== undefined && (warm?.passes.length ?? 0) >= 2;

/** Workers that convert. */
async function convertersOf(namespace: string): Promise<readonly Thing[]> {
  const pods = await ground.list(`/api/v1/namespaces/${namespace}/pods`);
  return pods.filter(({ spec }) => JSON.stringify(spec?.['containers']).includes('-conversion'));
}

test('where storage can do neither, workers copy what is there; the guest is converted as it will be although the operator is killed, and the switch removes all', async () => {
  const story = await begin('seen', {
    ...{ volumeMode: 'Filesystem', storageClass: STORAGE_CLASSES.late },
    plan: { guest: { policy: 'convert', proof: { type: 'none' } } },
    operate: (namespace) => ground.operate(namespace),
  });
  const { namespace, guest } = story;
  const before = await story.reaches(waits);
  const claim = before.disks?.[0]?.claim ?? '';
  await story.set({ testCutover: true });
  const { test: converting } = await story.reaches(({ test: now }) => now?.state === 'converting');
  assert.equal(converting?.holds, false);
  assert.equal(await machineOf(namespace, 'seen-test'), undefined, 'nothing starts before it is converted');
  await story.operator.kill();
  await ground.forgetLeader(namespace);
  await using _operator = story.operate();
  const answers = { conditions: [condition('AgentConnected', 'True')], guestOSInfo: { name: 'SeenOS' } };
  const beats = [...STARTS, { instance: answers }];
  await using _kubevirt = await playKubevirt({ api: ground.plane.api, namespace, story: () => beats });
  const proven = await withFile(ground.plane.kubeconfig(), (file) =>
    kubeferry(['test-cutover', 'plan', 'seen', '--prove', '--kubeconfig', file, '-n', namespace]),
  );
  assert.equal(proven.code, 0, proven.err);
  assert.match(proven.out, /^seen: its test was seen to boot: The guest agent answers: SeenOS\.$/m);
  const { test: made } = await story.status();
  assert.deepEqual(
    [made?.state, made?.vm, made?.by, made?.holds, made?.message],
    ['started', 'seen-test', 'copy', false, undefined],
  );
  assert.match(made?.because ?? '', /no StorageProfile of test-late.* says csi-clone, and no VolumeSnapshotClass is known/);
  assert.equal(made?.guest?.system, 'Played Linux 1');
  assert.deepEqual(
    (await story.claims()).filter((name) => !name.endsWith('-guest')),
    [claim, `${claim}-test`],
  );
  const converted = await story.content(`${claim}-test`, 2 * MiB);
  assert.equal(converted.length, 2 * MiB);
  const mark = Buffer.alloc(MARK.length, MARK.byte);
  assert.ok(converted.subarray(0, MARK.length).equals(mark), 'the clone is converted');
  assert.ok(!(await story.content(claim, 2 * MiB)).subarray(0, MARK.length).equals(mark), 'the target is not');
  const { guest: own } = (await story.status()) as { readonly guest?: object };
  assert.equal(own, undefined, 'nothing is said of the guest of the VM itself');
  const machine = await machineOf(namespace, 'seen-test');
  assert.equal(machine?.spec.runStrategy, 'Always');
  assert.ok(machine?.metadata.labels['kubeferry.dev/test-of']);
  const { networks, domain } = machine.spec.template.spec;
  assert.deepEqual(networks, []);
  assert.partialDeepStrictEqual(domain.devices, { interfaces: [], autoattachPodInterface: false });
  assert.equal(guest.on, true);

  await story.set({ testCutover: false });
  await story.reaches(({ test: now }) => now === undefined);
  await ground.until(async () => (await story.claims()).length === 1);
  assert.equal(await machineOf(namespace, 'seen-test'), undefined);
  assert.deepEqual(await convertersOf(namespace), []);
});

test('a clone of the storage is the target of its moment, copying goes on beside it, and the cutover removes it', async () => {
  let operator: Operator | undefined;
  await saysClone(STORAGE_CLASSES.immediate);
  const story = await begin('cloned', {
    ...{ volumeMode: 'Block', storageClass: STORAGE_CLASSES.immediate },
    operate: (namespace) => (operator = ground.operate(namespace)),
  });
  await using _ = operator;
  const { namespace, guest } = story;
  const { disks } = await story.reaches(waits);
  const claim = disks?.[0]?.claim ?? '';
  const frozen = await story.content(claim, 2 * MiB);
  await story.set({ testCutover: true });
  const { test: made } = await story.reaches(
    ({ test: now }) => (now?.state === 'started' && !now.holds) || now?.state === 'failed',
  );
  assert.deepEqual([made?.state, made?.by, made?.message], ['started', 'csi-clone', undefined]);
  assert.ok((await story.content(`${claim}-test`, 2 * MiB)).equals(frozen), 'the clone is what was there');
  assert.deepEqual(await ground.jobs(namespace), []);

  await story.set({ cutover: new Date().toISOString() });
  await story.reaches(({ phase, test: now }) => phase === 'Completed' && now === undefined);
  await ground.until(async () => (await story.claims()).length === 1);
  assert.equal(await machineOf(namespace, 'cloned-test'), undefined);
  const rest = guest.rests.at(-1) ?? assert.fail('the guest was not shut down');
  const expected = rest.content(rest.keys[0] ?? 0) ?? Buffer.alloc(0);
  assert.ok((await story.content(claim, 2 * MiB)).equals(expected));
});

test('a VM that is taken back says to which of its disks it wrote meanwhile', async () => {
  let operator: Operator | undefined;
  const story = await begin('back', {
    ...{ volumeMode: 'Filesystem', storageClass: STORAGE_CLASSES.late, disks: [2 * MiB, MiB] },
    plan: { commit: { mode: 'manual' }, schedule: { cutover: { mode: 'whenReady' } } },
    operate: (namespace) => (operator = ground.operate(namespace)),
  });
  await using _ = operator;
  const { disks = [] } = await story.reaches(({ phase }) => phase === 'AwaitCommit');
  const volume = await ground.kubelet.volumePath(story.namespace, disks[1]?.claim ?? '');
  await using file = await open(path.join(volume, 'disk.img'), 'r+');
  await file.write(Buffer.from('written by the guest'), 0, 20, 4096);
  await story.set({ rolledBack: true });
  const back = await story.reaches(({ phase }) => phase === 'RolledBack');
  assert.deepEqual(
    back.disks?.map(({ sinceCutover }) => sinceCutover),
    ['unchanged', 'written'],
  );
  assert.equal(story.guest.on, true);
});
