/** What a cluster does around its VMs: HA, DRS, EVC, and the rules between VMs and hosts. */
import type { Availability, HostRule } from '../../../src/model/availability.ts';
import { defined } from '../../../src/model/defined.ts';
import type { Relation } from '../../../src/model/estimate.ts';
import type { ObjectProperties } from '../properties.ts';
import { asRef, type VimNode } from '../vim/node.ts';
import { decodeName } from './names.ts';

export interface ClusterRules {
  readonly name: string;
  readonly evcMode?: string;
  readonly availability: Availability;
  /** Settings of single VMs that differ from the cluster's, by VM id. */
  readonly perVm: ReadonlyMap<string, Availability>;
  readonly hostRules: ReadonlyMap<string, readonly HostRule[]>;
  /** Rules between VMs. */
  readonly relations: readonly Relation[];
}

export function readCluster(object: ObjectProperties, hostName: (id: string) => string | undefined): ClusterRules {
  const config = object.node('configurationEx');
  const evcMode = object.node('summary')?.string('currentEVCModeKey');
  const drs = config?.flag('drsConfig', 'enabled');
  return {
    name: decodeName(object.string('name') ?? object.ref.id),
    ...(evcMode !== undefined && { evcMode }),
    availability: defined({
      highAvailability: config?.flag('dasConfig', 'enabled'),
      restartPriority: config?.string('dasConfig', 'defaultVmSettings', 'restartPriority'),
      drs: drs === true ? config?.string('drsConfig', 'defaultVmBehavior') : undefined,
      dpm: config?.flag('dpmConfigInfo', 'enabled'),
    }),
    perVm: readPerVm(config),
    hostRules: readHostRules(config, hostName),
    relations: readRelations(config),
  };
}

function readPerVm(config: VimNode | undefined): ReadonlyMap<string, Availability> {
  const found = new Map<string, Availability>();
  for (const entry of config?.list('dasVmConfig') ?? []) {
    const vm = entry.ref('key');
    const priority = entry.string('dasSettings', 'restartPriority') ?? entry.string('restartPriority');
    if (vm !== undefined && priority !== undefined && priority !== 'clusterRestartPriority') {
      found.set(vm.id, { ...found.get(vm.id), restartPriority: priority });
    }
  }
  for (const entry of config?.list('drsVmConfig') ?? []) {
    const vm = entry.ref('key');
    const behavior = entry.flag('enabled') === false ? 'disabled' : entry.string('behavior');
    if (vm !== undefined && behavior !== undefined) found.set(vm.id, { ...found.get(vm.id), drs: behavior });
  }
  return found;
}

/** Ids of the members of the cluster's groups, by the name of the group. */
function readGroups(config: VimNode | undefined, member: 'vm' | 'host'): ReadonlyMap<string, readonly string[]> {
  return new Map(
    (config?.list('group') ?? []).map((group) => [
      group.string('name') ?? '',
      group.list(member).flatMap((node) => asRef(node)?.id ?? []),
    ]),
  );
}

function readHostRules(
  config: VimNode | undefined,
  hostName: (id: string) => string | undefined,
): ReadonlyMap<string, readonly HostRule[]> {
  const vmGroups = readGroups(config, 'vm');
  const hostGroups = readGroups(config, 'host');
  const rules = new Map<string, HostRule[]>();
  for (const rule of config?.list('rule') ?? []) {
    const vms = vmGroups.get(rule.string('vmGroupName') ?? '');
    if (vms === undefined || rule.flag('enabled') === false) continue;
    for (const kind of ['affinity', 'anti-affinity'] as const) {
      const group = rule.string(kind === 'affinity' ? 'affineHostGroupName' : 'antiAffineHostGroupName');
      if (group === undefined) continue;
      const hosts = (hostGroups.get(group) ?? []).map((id) => hostName(id) ?? id);
      const told: HostRule = {
        name: rule.string('name') ?? group,
        kind,
        ...defined({ mandatory: rule.flag('mandatory') }),
        hosts,
      };
      for (const vm of vms) rules.set(vm, [...(rules.get(vm) ?? []), told]);
    }
  }
  return rules;
}

const RELATIONS: Readonly<Record<string, Relation['kind']>> = {
  ClusterAffinityRuleSpec: 'affinity',
  ClusterAntiAffinityRuleSpec: 'anti-affinity',
};

function readRelations(config: VimNode | undefined): readonly Relation[] {
  return (config?.list('rule') ?? []).flatMap((rule) => {
    const kind = RELATIONS[rule.type ?? ''];
    if (kind === undefined || rule.flag('enabled') === false) return [];
    const members = rule.list('vm').flatMap((node) => asRef(node)?.id ?? []);
    return members.length < 2 ? [] : [{ kind, key: rule.string('name') ?? kind, members }];
  });
}
