{{- /* What the operator may do: deploy/kustomize holds the same rules, and a test compares them. */ -}}

{{- define "kubeferry.rules" -}}
# Ours: read by list and watch, and written by server-side apply, which needs create as well as patch.
- apiGroups: [kubeferry.dev]
  resources: [providers, networkmaps, storagemaps, migrationplans, vmmigrations]
  verbs: [list, watch]
- apiGroups: [kubeferry.dev]
  resources: [vmmigrations]
  verbs: [get, create, patch]
- apiGroups: [kubeferry.dev]
  resources: [providers/status, migrationplans/status, vmmigrations/status]
  verbs: [patch]
# Where OwnerReferencesPermissionEnforcement is on, as in OpenShift, whoever makes an object that holds up the deletion of its owner needs this.
- apiGroups: [kubeferry.dev]
  resources: [migrationplans/finalizers, vmmigrations/finalizers]
  verbs: [update]
# The logins of providers, by the name in secretRef; whether the keys of guests are there, by that in keysSecret.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
# Kept plans, what workers found in image files, and pictures of guests that booted.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, create, patch, delete]
# Workers and hooks, how they are, and what they said last.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [""]
  resources: [events]
  verbs: [list]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [get, create, patch]
# A worker that reads image files may write down what it found, and nothing else. What may be granted is what the operator may do itself.
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [create, patch]
# The target. A VirtualMachine is made halted and then told to run; one that must not run beside its source is halted, and looked after until it is.
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, list, create, patch, delete]
# A VirtualMachine is deleted only where it was made for a test of a target, over clones of its claims.
- apiGroups: [kubevirt.io]
  resources: [virtualmachines]
  verbs: [get, list, create, patch, delete]
- apiGroups: [snapshot.storage.k8s.io]
  resources: [volumesnapshots]
  verbs: [get, list, create, patch, delete]
- apiGroups: [kubevirt.io]
  resources: [virtualmachineinstances]
  verbs: [get]
# The picture of a guest's screen. Kubernetes knows no finer word for it than that of the screen itself, KubeVirt asks for both.
- apiGroups: [subresources.kubevirt.io]
  resources: [virtualmachineinstances/vnc, virtualmachineinstances/vnc/screenshot]
  verbs: [get]
- apiGroups: [""]
  resources: [resourcequotas, limitranges]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{- define "kubeferry.facts" -}}
# What the cluster has, for the dry run. What may not be read is told as unknown, and nothing is guessed.
- apiGroups: [""]
  resources: [nodes, pods, namespaces]
  verbs: [list]
- apiGroups: [storage.k8s.io]
  resources: [storageclasses]
  verbs: [list]
- apiGroups: [snapshot.storage.k8s.io]
  resources: [volumesnapshotclasses]
  verbs: [list]
- apiGroups: [cdi.kubevirt.io]
  resources: [storageprofiles, cdiconfigs, cdis]
  verbs: [list]
- apiGroups: [kubevirt.io]
  resources: [kubevirts]
  verbs: [list]
- apiGroups: [instancetype.kubevirt.io]
  resources: [virtualmachineclusterpreferences, virtualmachineclusterinstancetypes]
  verbs: [list]
- apiGroups: [k8s.cni.cncf.io]
  resources: [network-attachment-definitions]
  verbs: [list]
- apiGroups: [k8s.ovn.org]
  resources: [userdefinednetworks, clusteruserdefinednetworks]
  verbs: [list]
{{- end }}

{{- define "kubeferry.lease" -}}
# Who leads.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [kubeferry-operator]
  verbs: [get, patch]
{{- end }}
