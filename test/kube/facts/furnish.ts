/** A cluster with everything that facts tell, made of the real definitions on a real API server. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CustomResourceDefinition,
  cdiDefinitions,
  multusDefinitions,
  snapshotDefinitions,
} from '../../peers/definitions.ts';
import { type ApiServer, callApi } from '../../peers/kubernetes-api.ts';
import { kubevirtDefinitions } from '../../peers/kubevirt.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The definitions that facts are read from; KubeVirt's others cost seconds and say nothing here. */
const WANTED = new Set([
  'kubevirts.kubevirt.io',
  'virtualmachines.kubevirt.io',
  'virtualmachineclusterpreferences.instancetype.kubevirt.io',
  'virtualmachineclusterinstancetypes.instancetype.kubevirt.io',
  'storageprofiles.cdi.kubevirt.io',
  'cdiconfigs.cdi.kubevirt.io',
  'cdis.cdi.kubevirt.io',
  'volumesnapshotclasses.snapshot.storage.k8s.io',
  'network-attachment-definitions.k8s.cni.cncf.io',
]);

export async function installDefinitions(api: ApiServer): Promise<void> {
  const all = await Promise.all([kubevirtDefinitions(), cdiDefinitions(), multusDefinitions(), snapshotDefinitions()]);
  const wanted = [...all.flat().filter(({ metadata }) => WANTED.has(metadata.name)), ...userDefinedNetworks()];
  assert.equal(wanted.length, WANTED.size + 2);
  await Promise.all(wanted.map((definition) => create(api, DEFINITIONS, definition)));
  for (const { spec } of wanted) {
    const version = spec.versions.find(({ served }) => served)?.name;
    const path = `/apis/${spec.group}/${version}/${spec.names.plural}`;
    while ((await callApi(api, 'GET', path)).status !== 200) await sleep(50);
  }
}

/** OVN-Kubernetes publishes no module with its definitions: their names, and any content. */
function userDefinedNetworks(): readonly CustomResourceDefinition[] {
  return [
    ['UserDefinedNetwork', 'Namespaced'],
    ['ClusterUserDefinedNetwork', 'Cluster'],
  ].map(([kind = '', scope]) => {
    const plural = `${kind.toLowerCase()}s`;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const spec = {
      group: 'k8s.ovn.org',
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    };
    const metadata = { name: `${plural}.k8s.ovn.org` };
    return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec };
  });
}

export async function create(api: ApiServer, path: string, body: unknown): Promise<void> {
  const { status, body: said } = await callApi(api, 'POST', path, body);
  assert.equal(status, 201, `${path}: ${JSON.stringify(said)}`);
}

/** With its status, which some definitions keep apart and drop at creation. */
async function createWithStatus(
  api: ApiServer,
  path: string,
  body: Fields & { readonly metadata: Fields & { readonly name: string }; readonly status: object },
): Promise<void> {
  const made = await callApi(api, 'POST', path, body);
  assert.equal(made.status, 201, `${path}: ${JSON.stringify(made.body)}`);
  if ((made.body as Settling).status !== undefined) return;
  const patched = await callApi(api, 'PATCH', `${path}/${body.metadata.name}/status`, { status: body.status });
  assert.equal(patched.status, 200, `${path}: ${JSON.stringify(patched.body)}`);
}

/** Everything that the test expects to find again. */
export async function furnish(api: ApiServer): Promise<void> {
  await create(api, '/api/v1/namespaces', { metadata: { name: 'apps', labels: { team: 'blue', empty: '' } } });
  await create(api, '/api/v1/namespaces', { metadata: { name: 'kubevirt' } });
  await Promise.all([furnishKubevirt(api), furnishStorage(api), furnishNetworks(api), furnishNamespace(api), furnishNodes(api)]);
  // The controllers have counted what the quota counts, and taken the taint off the new nodes.
  await settled(
    api,
    '/api/v1/namespaces/apps/resourcequotas/team',
    ({ status }) => status?.used?.['persistentvolumeclaims'] === '1',
  );
  for (const name of ['one', 'two']) await settled(api, `/api/v1/nodes/${name}`, ({ spec }) => spec?.taints === undefined);
}

type Fields = { readonly [field: string]: unknown };

interface Settling {
  readonly spec?: { readonly taints?: unknown };
  readonly status?: { readonly used?: Readonly<Record<string, string>> };
}

async function settled(api: ApiServer, path: string, holds: (object: Settling) => boolean): Promise<void> {
  while (!holds((await callApi(api, 'GET', path)).body as Settling)) await sleep(50);
}

async function furnishKubevirt(api: ApiServer): Promise<void> {
  const kubevirts = '/apis/kubevirt.io/v1/namespaces/kubevirt/kubevirts';
  await createWithStatus(api, kubevirts, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'KubeVirt',
    metadata: { name: 'kubevirt' },
    spec: {
      configuration: {
        cpuModel: 'Cascadelake-Server',
        evictionStrategy: 'LiveMigrate',
        vmRolloutStrategy: 'Stage',
        liveUpdateConfiguration: { maxHotplugRatio: 2 },
        vmStateStorageClass: 'fast',
        developerConfiguration: { featureGates: ['HostDevices'], disabledFeatureGates: ['VideoConfig'] },
        network: { binding: { l2bridge: { domainAttachmentType: 'managedTap' } } },
        permittedHostDevices: { pciHostDevices: [{ pciVendorSelector: '10DE:1EB8', resourceName: 'nvidia.com/T4' }] },
      },
    },
    status: { observedKubeVirtVersion: 'v1.8.2' },
  });
  const group = 'instancetype.kubevirt.io/v1beta1';
  await create(api, `/apis/${group}/virtualmachineclusterpreferences`, {
    apiVersion: group,
    kind: 'VirtualMachineClusterPreference',
    metadata: { name: 'rhel.9' },
    spec: {},
  });
  await create(api, `/apis/${group}/virtualmachineclusterinstancetypes`, {
    apiVersion: group,
    kind: 'VirtualMachineClusterInstancetype',
    metadata: { name: 'u1.medium' },
    spec: { cpu: { guest: 1 }, memory: { guest: '4Gi' } },
  });
  await create(api, '/apis/kubevirt.io/v1/namespaces/apps/virtualmachines', {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'web', annotations: { 'kubeferry.dev/source-id': 'vm-12' } },
    spec: {
      runStrategy: 'Halted',
      template: {
        spec: {
          domain: { devices: { interfaces: [{ name: 'a', bridge: {}, macAddress: '00-50-56-AA-BB-CC' }] } },
          networks: [{ name: 'a', multus: { networkName: 'apps/vlan' } }],
        },
      },
    },
  });
}

async function furnishStorage(api: ApiServer): Promise<void> {
  await create(api, '/apis/storage.k8s.io/v1/storageclasses', {
    metadata: {
      name: 'fast',
      annotations: {
        'storageclass.kubernetes.io/is-default-class': 'true',
        'storageclass.kubevirt.io/is-default-virt-class': 'true',
      },
    },
    provisioner: 'rbd.csi.ceph.com',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  });
  await create(api, '/apis/storage.k8s.io/v1/storageclasses', { metadata: { name: 'slow' }, provisioner: 'nfs.csi.k8s.io' });
  const cdi = 'cdi.kubevirt.io/v1beta1';
  await createWithStatus(api, `/apis/${cdi}/cdis`, {
    ...{ apiVersion: cdi, kind: 'CDI', metadata: { name: 'cdi' }, spec: {} },
    status: { observedVersion: 'v1.66.0' },
  });
  await createWithStatus(api, `/apis/${cdi}/cdiconfigs`, {
    ...{ apiVersion: cdi, kind: 'CDIConfig', metadata: { name: 'config' }, spec: {} },
    status: { filesystemOverhead: { global: '0.06', storageClass: { slow: '0.1' } } },
  });
  await createWithStatus(api, `/apis/${cdi}/storageprofiles`, {
    ...{ apiVersion: cdi, kind: 'StorageProfile', spec: {} },
    metadata: { name: 'fast', annotations: { 'cdi.kubevirt.io/minimumSupportedPvcSize': '1Gi' } },
    status: {
      cloneStrategy: 'snapshot',
      claimPropertySets: [
        { accessModes: ['ReadWriteMany'], volumeMode: 'Block' },
        { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' },
      ],
    },
  });
  for (const [name, driver, isDefault] of [
    ['a-first', 'rbd.csi.ceph.com', 'false'],
    ['b-default', 'rbd.csi.ceph.com', 'true'],
    ['other', 'hostpath.csi.k8s.io', 'true'],
  ]) {
    await create(api, '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses', {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: { name, annotations: { 'snapshot.storage.kubernetes.io/is-default-class': isDefault } },
      driver,
      deletionPolicy: 'Delete',
    });
  }
}

async function furnishNetworks(api: ApiServer): Promise<void> {
  const attachments: readonly (readonly [name: string, config: string, annotations?: object])[] = [
    ['broken', '{"type": '],
    ['localnet', '{"name":"physnet","type":"ovn-k8s-cni-overlay","topology":"localnet","vlanID":33,"mtu":9000}'],
    ['nodes-own', ''],
    ['pool', '{"type":"sriov","vlan":9}', { 'k8s.v1.cni.cncf.io/resourceName': 'intel.com/x710' }],
    ['trunk', '{"type":"bridge","bridge":"br1","vlanTrunk":[{"minID":1,"maxID":9}],"ipam":{}}'],
    [
      'vlan',
      '{"name":"v","plugins":[{"type":"bridge","bridge":"br1","vlan":7,"ipam":{"type":"whereabouts"}},{"type":"tuning"}]}',
    ],
  ];
  for (const [name, config, annotations = {}] of attachments) {
    await create(api, '/apis/k8s.cni.cncf.io/v1/namespaces/apps/network-attachment-definitions', {
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name, annotations },
      spec: { config },
    });
  }
  await create(api, '/apis/k8s.ovn.org/v1/namespaces/apps/userdefinednetworks', {
    apiVersion: 'k8s.ovn.org/v1',
    kind: 'UserDefinedNetwork',
    metadata: { name: 'tenant' },
    spec: { topology: 'Layer2', layer2: { role: 'Primary', subnets: ['10.1.0.0/16'], ipam: { lifecycle: 'Persistent' } } },
  });
  await create(api, '/apis/k8s.ovn.org/v1/clusteruserdefinednetworks', {
    apiVersion: 'k8s.ovn.org/v1',
    kind: 'ClusterUserDefinedNetwork',
    metadata: { name: 'wide' },
    spec: { network: { topology: 'Layer3', layer3: { role: 'Secondary', subnets: [{ cidr: '10.2.0.0/16', hostSubnet: 24 }] } } },
  });
}

async function furnishNamespace(api: ApiServer): Promise<void> {
  await create(api, '/api/v1/namespaces/apps/persistentvolumeclaims', {
    metadata: { name: 'web-disk-0' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'slow' },
  });
  await create(api, '/api/v1/namespaces/apps/resourcequotas', {
    metadata: { name: 'team' },
    spec: { hard: { 'requests.storage': '1Ti', persistentvolumeclaims: '20', 'limits.cpu': '2500m' } },
  });
  await create(api, '/api/v1/namespaces/apps/resourcequotas', {
    metadata: { name: 'best-effort' },
    spec: { hard: { pods: '1' }, scopes: ['BestEffort'] },
  });
  await create(api, '/api/v1/namespaces/apps/limitranges', {
    metadata: { name: 'sizes' },
    spec: { limits: [{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '500Gi' } }] },
  });
}

async function furnishNodes(api: ApiServer): Promise<void> {
  const labels = (...features: readonly string[]): object =>
    Object.fromEntries([
      ['kubevirt.io/schedulable', 'true'],
      ['cpu-vendor.node.kubevirt.io/Intel', 'true'],
      ...features.map((feature) => [`cpu-feature.node.kubevirt.io/${feature}`, 'true']),
    ]);
  const nodes: readonly (readonly [name: string, labels: object, spec: object, cpu: string, memory: string, pages: string])[] = [
    ['one', labels('avx', 'vmx'), {}, '16', '64Gi', '0'],
    ['two', labels('avx'), {}, '7500m', '128Gi', '4Gi'],
    ['cordoned', labels('avx'), { unschedulable: true }, '96', '1Ti', '0'],
    ['control', {}, {}, '96', '1Ti', '0'],
  ];
  for (const [name, own, spec, cpu, memory, pages] of nodes) {
    const resources = { cpu, memory, pods: '100', 'hugepages-2Mi': pages };
    await createWithStatus(api, '/api/v1/nodes', {
      ...{ metadata: { name, labels: own }, spec },
      status: { allocatable: resources, capacity: resources, conditions: [{ type: 'Ready', status: 'True' }] },
    });
  }
  for (const [name, nodeName] of [
    ['busy', 'one'],
    ['elsewhere', 'control'],
  ]) {
    const requests = { cpu: '1500m', memory: '2Gi' };
    await create(api, '/api/v1/namespaces/kubevirt/pods', {
      metadata: { name },
      spec: {
        nodeName,
        automountServiceAccountToken: false,
        containers: [{ name: 'c', image: 'none.invalid/c', resources: { requests, limits: requests } }],
        initContainers: [
          { name: 'side', image: 'none.invalid/s', restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } },
          { name: 'first', image: 'none.invalid/i', resources: { requests: { memory: '3Gi' } } },
        ],
      },
    });
  }
}
