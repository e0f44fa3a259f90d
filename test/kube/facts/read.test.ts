/** The facts of a real API server with the real definitions, by the command that people use. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { readTables } from '../../../src/cli/map-files.ts';
import type { ClusterFacts } from '../../../src/model/cluster-facts.ts';
import { kubeferry } from '../../cli/session.ts';
import { type ControlPlane, startControlPlane } from '../../peers/control-plane.ts';
import { callApi } from '../../peers/kubernetes-api.ts';
import { create, furnish, installDefinitions } from './furnish.ts';

const GiB = 2 ** 30;

let plane: ControlPlane;
let folder: string;
let administrator: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-facts-'));
  plane = await startControlPlane({ own: true });
  administrator = await kubeconfig('admin', plane.kubeconfig());
});
after(async () => {
  await plane[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function kubeconfig(name: string, content: string): Promise<string> {
  const file = path.join(folder, `${name}.kubeconfig`);
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

test('a bare cluster: what is not installed is unknown and told, and whether CDI is there is known', async () => {
  const { code, out, err } = await kubeferry(['facts', '--kubeconfig', administrator]);
  assert.equal(code, 0, err);
  const facts = parse(out) as ClusterFacts;
  assert.equal(facts.kubernetesVersion, '1.36.3');
  assert.deepEqual(facts.cdi, { installed: false });
  assert.deepEqual(facts.storageClasses, []);
  assert.deepEqual(facts.nodes, { count: 0, largest: NOTHING, free: NOTHING, hugepages: [] });
  for (const kind of ['featureGates', 'networkAttachments', 'userDefinedNetworks', 'preferences', 'virtualMachines'] as const) {
    assert.equal(facts[kind], undefined, kind);
  }
  assert.match(err, /not known: The cluster has no virtualmachines\.kubevirt\.io\./);
  assert.match(err, /no network-attachment-definitions\.k8s\.cni\.cncf\.io/);
});

const NOTHING = { cpus: 0, memory: 0 };

test('a furnished cluster: every fact', async () => {
  await installDefinitions(plane.api);
  await furnish(plane.api);
  const { code, out, err } = await kubeferry(['facts', '--kubeconfig', administrator, '-o', 'json']);
  assert.equal(code, 0, err);
  const { namespaces, readAt, ...facts }: ClusterFacts = JSON.parse(out);
  assert.ok(Math.abs(Date.parse(readAt ?? '') - Date.now()) < 60_000);
  assert.deepEqual(
    namespaces?.find(({ name }) => name === 'apps'),
    { name: 'apps', labels: { 'kubernetes.io/metadata.name': 'apps', team: 'blue', empty: '' } },
  );
  assert.deepEqual(facts, EXPECTED);
  assert.equal(err, 'kubeferry: not known: The CNI configuration of apps/broken is no JSON.\n');
});

const EXPECTED = {
  apiVersion: 'kubeferry.dev/v1alpha1',
  kind: 'ClusterFacts',
  kubernetesVersion: '1.36.3',
  kubevirtVersion: 'v1.8.2',
  cdi: { installed: true, version: 'v1.66.0' },
  featureGates: ['HostDevices'],
  disabledFeatureGates: ['VideoConfig'],
  defaults: {
    cpuModel: 'Cascadelake-Server',
    evictionStrategy: 'LiveMigrate',
    rolloutStrategy: 'Stage',
    maxHotplugRatio: 2,
    vmStateStorageClass: 'fast',
  },
  bindingPlugins: ['l2bridge'],
  permittedDevices: ['nvidia.com/T4'],
  storageClasses: [
    {
      name: 'fast',
      provisioner: 'rbd.csi.ceph.com',
      isDefault: true,
      isDefaultVirt: true,
      bindingMode: 'WaitForFirstConsumer',
      expansion: true,
      claimProperties: [
        { accessMode: 'ReadWriteMany', volumeMode: 'Block' },
        { accessMode: 'ReadWriteOnce', volumeMode: 'Filesystem' },
      ],
      cloneStrategy: 'snapshot',
      minimumSize: GiB,
      snapshotClass: 'b-default',
      snapshotsKnown: true,
      filesystemOverhead: 0.06,
    },
    {
      name: 'slow',
      provisioner: 'nfs.csi.k8s.io',
      isDefault: false,
      isDefaultVirt: false,
      bindingMode: 'Immediate',
      expansion: false,
      snapshotsKnown: true,
      filesystemOverhead: 0.1,
    },
  ],
  networkAttachments: [
    { namespace: 'apps', name: 'broken' },
    {
      namespace: 'apps',
      name: 'localnet',
      type: 'ovn-k8s-cni-overlay',
      topology: 'localnet',
      physicalNetwork: 'physnet',
      vlan: 33,
      mtu: 9000,
    },
    { namespace: 'apps', name: 'nodes-own' },
    { namespace: 'apps', name: 'pool', type: 'sriov', vlan: 9, resourceName: 'intel.com/x710' },
    { namespace: 'apps', name: 'trunk', type: 'bridge', bridge: 'br1', trunk: true },
    { namespace: 'apps', name: 'vlan', type: 'bridge', bridge: 'br1', vlan: 7, ipam: true },
  ],
  userDefinedNetworks: [
    { namespace: 'apps', name: 'tenant', topology: 'layer2', role: 'primary', subnets: ['10.1.0.0/16'], persistentIps: true },
    { name: 'wide', topology: 'layer3', role: 'secondary', subnets: ['10.2.0.0/16'] },
  ],
  preferences: ['rhel.9'],
  instancetypes: [{ name: 'u1.medium', cpus: 1, memory: 4 * GiB }],
  virtualMachines: [{ namespace: 'apps', name: 'web', macs: ['00:50:56:aa:bb:cc'], sourceId: 'vm-12' }],
  claims: [{ namespace: 'apps', name: 'web-disk-0' }],
  quotas: [
    {
      namespace: 'apps',
      name: 'team',
      hard: { 'requests.storage': 1024 * GiB, persistentvolumeclaims: 20, 'limits.cpu': 2.5 },
      used: { 'requests.storage': GiB, persistentvolumeclaims: 1, 'limits.cpu': 0 },
    },
  ],
  limitRanges: [
    { namespace: 'apps', name: 'sizes', type: 'PersistentVolumeClaim', min: { storage: GiB }, max: { storage: 500 * GiB } },
  ],
  nodes: {
    count: 2,
    largest: { cpus: 16, memory: 128 * GiB },
    free: { cpus: 21.5, memory: 189 * GiB },
    vendors: ['Intel'],
    cpuFeatures: ['avx'],
    hugepages: ['2Mi'],
  },
};

test('a dry run reads the file back equal, in both formats', async () => {
  for (const format of ['yaml', 'json']) {
    const { out } = await kubeferry(['facts', '--kubeconfig', administrator, '-o', format]);
    const file = path.join(folder, `facts.${format}`);
    await writeFile(file, out);
    const { facts } = await readTables({ facts: file }, { devices: 'virtio' });
    const { apiVersion: _version, kind: _kind, ...written } = parse(out);
    assert.deepEqual(facts, written);
  }
});

test('a dry run with a cluster judges as one with the facts of that cluster', async () => {
  const source = path.join(folder, 'guest.raw');
  await writeFile(source, Buffer.alloc(1024 * 1024));
  const file = path.join(folder, 'facts.json');
  const command = ['plan', source, '--namespace', 'apps', '--memory', '1Gi', '--cpus', '1', '-o', 'json', '--fail-on', 'never'];
  const live = await kubeferry([...command, '--kubeconfig', administrator]);
  const filed = await kubeferry([...command, '--facts', file]);
  assert.equal(live.code, 0, live.err);
  assert.match(live.err, /apps\/broken is no JSON/);
  const [byCluster, byFile] = [JSON.parse(live.out), JSON.parse(filed.out)];
  assert.equal(byCluster.storageClasses[0].name, 'fast');
  assert.deepEqual(byCluster.vms, byFile.vms);
});

test('facts of a file and of a cluster at once are refused', async () => {
  const { code, err } = await kubeferry(['plan', 'guest.ova', '--facts', 'f', '--kubeconfig', administrator]);
  assert.equal(code, 2);
  assert.match(err, /--kubeconfig <file>' cannot be used with option '--facts/);
});

test('a restricted login learns what it may see, and is told what it may not', async () => {
  await create(plane.api, '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'some' },
    rules: [{ apiGroups: ['', 'storage.k8s.io'], resources: ['storageclasses', 'namespaces', 'nodes'], verbs: ['list'] }],
  });
  await create(plane.api, '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'some' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'some' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  });
  const asked = await callApi(plane.api, 'POST', '/api/v1/namespaces/default/serviceaccounts/default/token', { spec: {} });
  const { token } = (asked.body as { readonly status: { readonly token: string } }).status;
  const restricted = await kubeconfig('restricted', plane.kubeconfig(token));
  const { code, out, err } = await kubeferry(['facts', '--kubeconfig', restricted, '-o', 'json']);
  assert.equal(code, 0, err);
  const facts: ClusterFacts = JSON.parse(out);
  assert.deepEqual(
    facts.storageClasses?.map(({ name, snapshotsKnown, claimProperties }) => ({ name, snapshotsKnown, claimProperties })),
    ['fast', 'slow'].map((name) => ({ name, snapshotsKnown: undefined, claimProperties: undefined })),
  );
  assert.deepEqual(facts.cdi, { installed: true });
  assert.equal(facts.virtualMachines, undefined);
  assert.notEqual(facts.nodes, undefined);
  assert.match(err, /The login may not list virtualmachines\.kubevirt\.io\./);
  assert.match(err, /The login may not list pods\./);
});

test('a cluster that cannot be asked is one error', async () => {
  const stranger = await kubeconfig('stranger', plane.kubeconfig('nobody'));
  const { code, out, err } = await kubeferry(['facts', '--kubeconfig', stranger]);
  assert.deepEqual([code, out], [3, '']);
  assert.match(err, /does not take the login of the kubeconfig\. \[cluster-login-failed\]/);
});
