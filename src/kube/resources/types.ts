/** The kinds of others that a migration makes or reads. */
import type { ResourceType } from '../client/kube-client.ts';

export const CONFIG_MAP: ResourceType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
export const SECRET: ResourceType = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets' };
export const SERVICE_ACCOUNT: ResourceType = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' };
export const CLAIM: ResourceType = { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' };
export const JOB: ResourceType = { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs' };
export const ROLE: ResourceType = { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles' };
export const ROLE_BINDING: ResourceType = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
};
export const VIRTUAL_MACHINE: ResourceType = {
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
};
