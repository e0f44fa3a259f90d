/** The target's facts by name, made once for a run: clusters have thousands of objects, and plans thousands of VMs. */
import type { ClusterFacts, ExistingVm, LimitRangeFacts, QuotaFacts, StorageClassFacts } from '../model/cluster-facts.ts';
import { type Version, versionOf } from '../model/kubevirt-version.ts';

/** Absent members are unknown. Keys are `namespace/name`. */
export interface FactsIndex {
  readonly kubevirt?: Version;
  readonly vms?: ReadonlyMap<string, ExistingVm>;
  readonly claims?: ReadonlySet<string>;
  readonly macs: ReadonlyMap<string, readonly ExistingVm[]>;
  /** By namespace. */
  readonly quotas: ReadonlyMap<string, readonly QuotaFacts[]>;
  readonly limitRanges: ReadonlyMap<string, readonly LimitRangeFacts[]>;
  /** The class of a claim that names none; undefined when there is none, or when that is not known. */
  readonly defaultClass: StorageClassFacts | undefined;
  readonly preferences?: ReadonlySet<string>;
  readonly instancetypes?: ReadonlySet<string>;
}

const INDEXES = new WeakMap<ClusterFacts, FactsIndex>();

export function factsIndex(facts: ClusterFacts): FactsIndex {
  const known = INDEXES.get(facts);
  if (known !== undefined) return known;
  const index = build(facts);
  INDEXES.set(facts, index);
  return index;
}

function build(facts: ClusterFacts): FactsIndex {
  const { virtualMachines, claims, quotas = [], limitRanges = [], storageClasses = [], preferences, instancetypes } = facts;
  const macs = new Map<string, ExistingVm[]>();
  for (const vm of virtualMachines ?? []) {
    for (const mac of vm.macs ?? []) {
      const holders = macs.get(mac);
      if (holders === undefined) macs.set(mac, [vm]);
      else holders.push(vm);
    }
  }
  const kubevirt = facts.kubevirtVersion === undefined ? undefined : versionOf(facts.kubevirtVersion);
  return {
    ...(kubevirt !== undefined && { kubevirt }),
    ...(virtualMachines && { vms: new Map(virtualMachines.map((vm) => [`${vm.namespace}/${vm.name}`, vm])) }),
    ...(claims && { claims: new Set(claims.map(({ namespace, name }) => `${namespace}/${name}`)) }),
    macs,
    quotas: Map.groupBy(quotas, ({ namespace }) => namespace),
    limitRanges: Map.groupBy(limitRanges, ({ namespace }) => namespace),
    defaultClass:
      storageClasses.find(({ isDefaultVirt }) => isDefaultVirt === true) ??
      storageClasses.find(({ isDefault }) => isDefault === true),
    ...(preferences && { preferences: new Set(preferences) }),
    ...(instancetypes && { instancetypes: new Set(instancetypes.map(({ name }) => name)) }),
  };
}
