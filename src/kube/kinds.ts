/** The kinds of others that facts are read from, or that a migration makes, in the oldest version that the clusters we support serve. */
import type { ResourceType } from './client/kube-client.ts';

function core(kind: string, plural: string): ResourceType {
  return { group: '', version: 'v1', kind, plural };
}

export const NODES = core('Node', 'nodes');
export const PODS = core('Pod', 'pods');
export const NAMESPACES = core('Namespace', 'namespaces');
export const CLAIMS = core('PersistentVolumeClaim', 'persistentvolumeclaims');
export const QUOTAS = core('ResourceQuota', 'resourcequotas');
export const LIMIT_RANGES = core('LimitRange', 'limitranges');
export const CONFIG_MAPS = core('ConfigMap', 'configmaps');
export const SECRETS = core('Secret', 'secrets');
export const EVENTS = core('Event', 'events');
export const SERVICE_ACCOUNTS = core('ServiceAccount', 'serviceaccounts');

export const JOBS: ResourceType = { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs' };
export const ROLES = rbac('Role', 'roles');
export const ROLE_BINDINGS = rbac('RoleBinding', 'rolebindings');

function rbac(kind: string, plural: string): ResourceType {
  return { group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural };
}

export const STORAGE_CLASSES: ResourceType = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
};
export const SNAPSHOT_CLASSES: ResourceType = {
  group: 'snapshot.storage.k8s.io',
  version: 'v1',
  kind: 'VolumeSnapshotClass',
  plural: 'volumesnapshotclasses',
};
export const SNAPSHOTS: ResourceType = {
  group: 'snapshot.storage.k8s.io',
  version: 'v1',
  kind: 'VolumeSnapshot',
  plural: 'volumesnapshots',
};
export const STORAGE_PROFILES = cdi('StorageProfile', 'storageprofiles');
export const CDI_CONFIGS = cdi('CDIConfig', 'cdiconfigs');
export const CDIS = cdi('CDI', 'cdis');

function cdi(kind: string, plural: string): ResourceType {
  return { group: 'cdi.kubevirt.io', version: 'v1beta1', kind, plural };
}

export const KUBEVIRTS: ResourceType = { group: 'kubevirt.io', version: 'v1', kind: 'KubeVirt', plural: 'kubevirts' };
export const VIRTUAL_MACHINES: ResourceType = {
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
};
export const MACHINE_INSTANCES: ResourceType = {
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
};
/** What can be asked of an instance beside its object; KubeVirt serves it by an API of its own. */
export const INSTANCE_SUBRESOURCES: ResourceType = { ...MACHINE_INSTANCES, group: 'subresources.kubevirt.io' };
export const PREFERENCES: ResourceType = {
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineClusterPreference',
  plural: 'virtualmachineclusterpreferences',
};
export const INSTANCETYPES: ResourceType = {
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineClusterInstancetype',
  plural: 'virtualmachineclusterinstancetypes',
};

export const NETWORK_ATTACHMENTS: ResourceType = {
  group: 'k8s.cni.cncf.io',
  version: 'v1',
  kind: 'NetworkAttachmentDefinition',
  plural: 'network-attachment-definitions',
};
export const USER_DEFINED_NETWORKS: ResourceType = {
  group: 'k8s.ovn.org',
  version: 'v1',
  kind: 'UserDefinedNetwork',
  plural: 'userdefinednetworks',
};
export const CLUSTER_USER_DEFINED_NETWORKS: ResourceType = {
  group: 'k8s.ovn.org',
  version: 'v1',
  kind: 'ClusterUserDefinedNetwork',
  plural: 'clusteruserdefinednetworks',
};
