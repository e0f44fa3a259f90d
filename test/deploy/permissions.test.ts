/**
 * Operator and workers with exactly the rights that deploy/ gives them: the Deployment is installed as it stands, its Pods run with the tokens of
 * their accounts, VMs of a vCenter and of image files arrive, one is canceled, and the API server's audit log says what was asked for.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildGuest } from '../demo/guest/build.ts';
import type { AuditRecord } from '../peers/audit.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { callApi, expectApi } from '../peers/kubernetes-api.ts';
import type { RenderedObject } from '../peers/kustomize.ts';
import { condition, playKubevirt, STARTS } from '../peers/played-kubevirt.ts';
import { playScreens } from '../peers/played-screens.ts';
import { startVcenter } from '../peers/vcenter.ts';
import { Ground } from '../scenarios/cluster/ground.ts';
import { applyObject, fromHelm, isRole, type Rule } from './objects.ts';
import { granted, refused, used } from './permissions.ts';

const BIN = path.resolve(import.meta.dirname, '../../src/cli/bin.js');
const IMAGE = 'example.com/kubeferry:1';
/** The program, save that workers of the plan `halted` never come to the end of a disk. */
const PROGRAM = 'case "$HOSTNAME" in halted-*) exec sleep 600;; esac; exec "$0" "$@"';

/** As much of a picture as is looked at. */
const PICTURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Granted, and perhaps not asked for in this story. Each line says why it is there all the same. */
const NOT_ASKED_FOR: Readonly<Record<string, string>> = {
  'kubeferry.dev/migrationplans/finalizers update':
    'checked by an admission plugin (on here), which asks nobody; see the last test',
  'kubeferry.dev/vmmigrations/finalizers update':
    'checked by an admission plugin (on here), which asks nobody; see the last test',
  '/pods patch': 'workers that stand by are called in warm migrations: test/scenarios/cluster-warm.test.ts',
  '/configmaps delete': 'image files are read anew after they could not be: test/scenarios/cluster-migration.test.ts',
  'subresources.kubevirt.io/virtualmachineinstances/vnc/screenshot get':
    'checked by KubeVirt, which asks the API server for its own part; there would be no picture of the VM that arrives',
  'kubevirt.io/virtualmachines delete': 'a test of a target ends: test/scenarios/cluster-test-cutover.test.ts',
  ...Object.fromEntries(
    ['get', 'create', 'patch', 'delete'].map((verb) => {
      return [`snapshot.storage.k8s.io/volumesnapshots ${verb}`, 'targets are tested from snapshots where storage makes them'];
    }),
  ),
  'events.k8s.io/events patch': 'counts of repeated events, half a minute later: test/kube/runtime/events.test.ts',
};

let ground: Ground;
let folder: string;
let ova: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-rights-'));
  [ground, ova] = await Promise.all([
    Ground.start({
      own: true,
      audit: true,
      admission: ['OwnerReferencesPermissionEnforcement'],
      images: { [IMAGE]: ['sh', '-c', PROGRAM, process.execPath, BIN] },
    }),
    buildGuest(folder),
  ]);
  await installCdi();
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Its kinds, without objects: that they are there is enough to be asked for. */
async function installCdi(): Promise<void> {
  for (const [kind, plural] of [
    ['StorageProfile', 'storageprofiles'],
    ['CDIConfig', 'cdiconfigs'],
    ['CDI', 'cdis'],
  ] as const) {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await expectApi(ground.plane.api, 'POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: `${plural}.cdi.kubevirt.io` },
      spec: {
        group: 'cdi.kubevirt.io',
        scope: 'Cluster',
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [{ name: 'v1beta1', served: true, storage: true, schema }],
      },
    });
  }
}

/** Installs the chart as a release in `namespace`. */
async function install(namespace: string, values: Readonly<Record<string, unknown>>): Promise<readonly RenderedObject[]> {
  const image = { repository: 'example.com/kubeferry', tag: '1' };
  const anyPort = { KUBEFERRY_METRICS_ADDRESS: '127.0.0.1:0', KUBEFERRY_HEALTH_ADDRESS: '127.0.0.1:0' };
  const settings = { KUBEFERRY_LOOK_MS: '50', ...anyPort };
  const objects = await fromHelm(
    { ...values, image, settings, namespace: { create: true }, crds: { install: false } },
    namespace,
  );
  for (const object of objects.toSorted((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'))) {
    const { status, body } = await applyObject(ground.plane.api, object);
    assert.ok(status === 200 || status === 201, `${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`);
  }
  return objects;
}

/** Ends the operator, so that its last words are in the log too. */
async function uninstall(namespace: string): Promise<void> {
  const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/kubeferry-operator`;
  await expectApi(ground.plane.api, 'PATCH', deployment, { spec: { replicas: 0 } });
  const pods = `/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io/component%3Doperator`;
  await ground.until(async () => (await ground.list(pods)).length === 0);
}

async function planOva(namespace: string, name?: string): Promise<void> {
  await ground.namespace(namespace, { 'guest.ova': ova });
  await ground.make(namespace, 'providers', 'images', { type: 'image', images: { claim: 'images', path: 'guest.ova' } });
  await plan(namespace, 'images', {}, name);
}

async function plan(namespace: string, provider: string, more: object, name = 'first'): Promise<void> {
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  await ground.make(namespace, 'migrationplans', name, {
    providerRef: { name: provider },
    selection: { where: ['name=*'] },
    networkMap: { entries: [{ source: { name: 'VM Network' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    ...more,
  });
}

async function stateIs(namespace: string, state: string, installed: string, name = 'first'): Promise<void> {
  const operator = { log: () => logs(installed), [Symbol.asyncDispose]: async () => undefined };
  await ground.until(async () => (await ground.stateOf(namespace, name)) === state, { namespace, operator });
}

/** What the operator's Pods wrote. */
function logs(installed: string): string {
  return operatorPods.map((name) => ground.kubelet.logs(installed, name)).join('\n');
}
let operatorPods: readonly string[] = [];

async function running(namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io/component%3Doperator`;
  await ground.until(async () => {
    const pods = await ground.list(path);
    operatorPods = pods.map(({ metadata }) => metadata.name);
    return pods.length > 0 && pods.every(({ status }) => status?.phase === 'Running');
  });
}

function by(account: string, records: readonly AuditRecord[]): readonly AuditRecord[] {
  return records.filter(({ user }) => user.username === `system:serviceaccount:${account}`);
}

function difference(a: ReadonlySet<string>, b: ReadonlySet<string>): readonly string[] {
  return [...a].filter((line) => !b.has(line)).toSorted();
}

let rules: readonly Rule[];

test('with the rights of a whole cluster, VMs of files and of a vCenter arrive, and one is canceled', async (t) => {
  const server = await startVcenter({ vms: 1, clusters: 0, autostart: false });
  t.after(async () => await server[Symbol.asyncDispose]());
  await server.guest('DC0_H0_VM0', { capacity: 1024 * 1024, seed: 5 });
  const { api } = ground.plane;
  const answers = { conditions: [condition('AgentConnected', 'True')] };
  await using _kubevirt = await playKubevirt({ api, namespace: 'arrivals', story: () => [...STARTS, { instance: answers }] });
  await using _screens = await playScreens(api, () => PICTURE);
  rules = (await install('kubeferry', {})).filter(isRole('Role', 'ClusterRole')).flatMap((role) => role.rules);
  await running('kubeferry');
  await planOva('files');
  const { username: user, password, thumbprint } = server;
  for (const namespace of ['vsphere', 'arrivals']) {
    await ground.namespace(namespace, {});
    await ground.secret(namespace, 'vcenter', { user, password, thumbprint: thumbprint.sha256 });
  }
  const url = `vsphere://${server.host}:${server.port}`;
  await ground.make('vsphere', 'providers', 'vcenter', { type: 'vsphere', url, secretRef: { name: 'vcenter' } });
  const guest = { policy: 'compatibility' };
  await plan('vsphere', 'vcenter', { target: { namespace: 'arrivals' }, options: { runStrategy: 'Always' }, guest });
  await planOva('canceled', 'halted');
  await ground.until(async () => (await ground.jobs('canceled')).length === 2);
  await ground.change('canceled', 'migrationplans', 'halted', { canceled: true });
  await stateIs('canceled', 'Canceled', 'kubeferry', 'halted');
  await stateIs('files', 'Completed', 'kubeferry');
  await stateIs('vsphere', 'Completed', 'kubeferry');
  const [arrived] = await ground.migrations('vsphere');
  assert.partialDeepStrictEqual(arrived?.status?.['proof'], { booted: true, screenshot: `${arrived?.metadata.name}-boot-proof` });
  await ground.remove('vsphere', 'migrationplans', 'first');
  await ground.until(async () => (await ground.migrations('vsphere')).length === 0);
  await uninstall('kubeferry');
});

test('nothing that the operator or a worker asked for was refused', async () => {
  assert.deepEqual(refused(await ground.plane.audit()), []);
});

test('the operator used everything that it may do', async () => {
  const asked = used(by('kubeferry:kubeferry-operator', await ground.plane.audit()));
  const reasons = new Set(Object.keys(NOT_ASKED_FOR));
  const unused = new Set(difference(granted(rules), asked));
  assert.deepEqual(difference(unused, reasons), [], 'granted, not used, and nobody says why');
  assert.deepEqual(difference(reasons, granted(rules)), [], 'a reason for what is not granted');
});

test('a worker used everything that it may do: to write down the VMs of image files', async () => {
  const asked = by('files:kubeferry-worker', await ground.plane.audit());
  const roles = await ground.list('/apis/rbac.authorization.k8s.io/v1/namespaces/files/roles');
  const own = roles.flatMap((role) => (role as unknown as { readonly rules: readonly Rule[] }).rules);
  assert.deepEqual([...granted(own)].toSorted(), ['/configmaps create', '/configmaps patch']);
  assert.deepEqual([...used(asked)].toSorted(), ['/configmaps create', '/configmaps patch']);
  for (const { verbs, resourceNames } of own) assert.ok(verbs.includes('create') || resourceNames !== undefined);
  assert.deepEqual(by('arrivals:kubeferry-worker', await ground.plane.audit()), [], 'who copies from a server asks for nothing');
});

test('with the rights of one namespace a VM arrives in it, and nothing is asked for elsewhere', async () => {
  const before = (await ground.plane.audit()).length;
  await planOva('tenant');
  const objects = await install('tenant', { scope: 'namespace', replicas: 1 });
  await running('tenant');
  await stateIs('tenant', 'Completed', 'tenant');
  await uninstall('tenant');
  const records = (await ground.plane.audit()).slice(before);
  assert.deepEqual(refused(records), []);
  const wide = objects.filter(isRole('ClusterRole')).flatMap((role) => role.rules);
  const elsewhere = by('tenant:kubeferry-operator', records).filter(({ objectRef }) => objectRef?.namespace !== 'tenant');
  assert.deepEqual(difference(used(elsewhere), granted(wide)), []);
});

test('where owners are looked after, the operator could not make a claim without its right on finalizers', async () => {
  const owner = (await ground.migrations('tenant'))[0]?.metadata;
  assert.ok(owner);
  const reference = { apiVersion: 'kubeferry.dev/v1alpha1', kind: 'VmMigration', name: owner.name, uid: owner.uid };
  const claim = {
    metadata: { name: 'owned', ownerReferences: [{ ...reference, controller: true, blockOwnerDeletion: true }] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  };
  assert.equal(await statusOf(claim), 201);
  const role = '/apis/rbac.authorization.k8s.io/v1/namespaces/tenant/roles/kubeferry-operator';
  const found = await expectApi<{ readonly rules: readonly Rule[] }>(ground.plane.api, 'GET', role);
  const without = found.rules.filter(({ resources }) => !resources.some((name) => name.endsWith('/finalizers')));
  await expectApi(ground.plane.api, 'PATCH', role, { rules: without });
  await ground.until(async () => (await statusOf(claim)) === 403);
});

/** Of a try run to make the claim as the operator. */
async function statusOf(claim: object): Promise<number> {
  const path = '/api/v1/namespaces/tenant/serviceaccounts/kubeferry-operator/token';
  const { status } = await expectApi<{ readonly status: { readonly token: string } }>(ground.plane.api, 'POST', path, {
    spec: {},
  });
  const api = { url: ground.plane.api.url, ca: ground.plane.api.ca, token: status.token };
  return (await callApi(api, 'POST', '/api/v1/namespaces/tenant/persistentvolumeclaims?dryRun=All', claim)).status;
}
