/** What the VMs of a run share of their networks: the attachments to make, each once, and where their networks would meet. */
import type { Concern } from '../src/model/concern.ts';
import type { SharedObject } from '../src/model/mapping.ts';
import type { NetworkRef } from '../src/model/network.ts';
import type { SourceVm } from '../src/model/vm.ts';
import { MAPPING_CONCERNS } from './concerns.ts';
import type { MappingContext } from './context.ts';
import { findTarget } from './network-map.ts';
import type { PlannedAttachment } from './network-plan.ts';

export interface SharedNetworks {
  /** By name. */
  readonly objects: readonly SharedObject[];
  readonly concerns: readonly Concern[];
}

type Surroundings = Pick<MappingContext, 'networkMap' | 'networkPlan'>;

export function sharedNetworks(vms: readonly Pick<SourceVm, 'nics'>[], surroundings: Surroundings): SharedNetworks {
  const objects = new Map<string, SharedObject>();
  const switches = new Set<string>();
  for (const [network, { name, segment, made }] of attachedNetworks(vms, surroundings)) {
    if (made === undefined) continue;
    objects.set(name, made);
    const tagged = segment.kind === 'access' || segment.kind === 'trunk';
    if (!tagged && network.switchName !== undefined) switches.add(network.switchName);
  }
  const byName = [...objects.keys()].toSorted().flatMap((name) => objects.get(name) ?? []);
  return { objects: byName, concerns: switches.size > 1 ? [joined([...switches].toSorted())] : [] };
}

function* attachedNetworks(
  vms: readonly Pick<SourceVm, 'nics'>[],
  { networkMap, networkPlan }: Surroundings,
): Generator<readonly [NetworkRef, PlannedAttachment]> {
  for (const { nics } of vms) {
    for (const { network } of nics) {
      if (network === undefined || findTarget(networkMap, network) !== undefined) continue;
      const planned = networkPlan?.find(network);
      if (planned !== undefined && 'name' in planned) yield [network, planned];
    }
  }
}

function joined(switches: readonly string[]): Concern {
  const { category, label } = MAPPING_CONCERNS['networks-joined'];
  const assessment = `Untagged networks of the switches ${switches.join(', ')} would be one network. Map those of all switches but one to attachments of your own.`;
  return { id: 'networks-joined', category, label, assessment, subject: 'networks' };
}
