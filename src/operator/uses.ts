import { type Use, waitingFor } from './admission.ts';
import type { PlanResource, ProviderResource, VmResource } from './services.ts';

/** What Provider.spec.limits says where nothing is said. */
const PER_HOST = 4;
const PER_STORAGE = 8;
const PLAN_VMS = 10;
const PLAN_TRANSFERS = 20;
/** Of a source whose bandwidth is limited. */
const SOURCE_TRANSFERS = 20;

interface Parents {
  readonly plan: PlanResource;
  readonly provider: ProviderResource;
  /** Nodes that workers can run on; undefined where nobody counted. */
  readonly nodes: number | undefined;
}

type Disk = NonNullable<NonNullable<VmResource['status']>['disks']>[number];

/** What a VM burdens as long as it is worked on. */
export function usesOfVm(plan: PlanResource): readonly Use[] {
  return [{ name: `plan ${plan.uid} VMs`, label: labelOf(plan), things: 'VMs', limit: plan.spec.limits?.vms ?? PLAN_VMS }];
}

/** What the transfer of a disk burdens. Two Providers that name the same server share what it can bear. */
export function usesOfTransfer(vm: VmResource, disk: Disk, { plan, provider, nodes }: Parents): readonly Use[] {
  const { limits, url, images } = provider.spec;
  const source = url ?? `${provider.namespace}/${images?.claim ?? provider.name}`;
  const { perStorageClass, perNode } = plan.spec.limits ?? {};
  const use = (name: string, label: string, limit = Number.POSITIVE_INFINITY, things: Use['things'] = 'transfers'): Use => {
    return { name, label, things, limit };
  };
  return [
    use(`plan ${plan.uid} transfers`, labelOf(plan), transfersOfPlan(plan)),
    use(`source ${source}`, `source ${provider.name}`, transfersOfSource(provider)),
    ...(vm.status?.host === undefined
      ? []
      : [use(`host ${source} ${vm.status.host}`, `host ${vm.status.host}`, limits?.perHost ?? PER_HOST)]),
    ...(disk.storage === undefined
      ? []
      : [use(`storage ${source} ${disk.storage}`, `storage ${disk.storage}`, limits?.perStorage ?? PER_STORAGE)]),
    ...(disk.storageClass === undefined
      ? []
      : [use(`class ${disk.storageClass}`, `class ${disk.storageClass}`, perStorageClass)]),
    use('nodes', 'the nodes', perNode === undefined || nodes === undefined ? undefined : perNode * nodes, 'workers'),
  ];
}

/** Transfers of a plan at once. */
export function transfersOfPlan({ spec }: PlanResource): number {
  return spec.limits?.transfers ?? PLAN_TRANSFERS;
}

/** Transfers of a source at once. A bandwidth that is shared needs a number to be shared among. */
export function transfersOfSource({ spec: { limits } }: ProviderResource): number {
  return limits?.total ?? (limits?.bandwidth === undefined ? Number.POSITIVE_INFINITY : SOURCE_TRANSFERS);
}

/** What is said of a VM before anybody asks for its turn. */
export function firstWait(plan: PlanResource): string {
  return `${waitingFor(labelOf(plan))} ${plan.spec.limits?.vms ?? PLAN_VMS} VMs at once`;
}

function labelOf({ name }: PlanResource): string {
  return `plan ${name}`;
}
