/** One VM of a run: judged, mapped and planned. What the VMs of a run share was found out before (prepare.ts). */
import { mapVm } from '../mappings/index.ts';
import type { AssignedName } from '../mappings/names.ts';
import type { NetworkPlan } from '../mappings/network-plan.ts';
import type { PlacementRules } from '../mappings/placement-rules.ts';
import type { SharedDisks } from '../mappings/shared-disks.ts';
import { assess } from './assess/index.ts';
import type { Peer } from './assess/population.ts';
import { assessTarget } from './assess/target.ts';
import type { Begun } from './contracts/destination.ts';
import type { GuestInspector } from './contracts/guest-inspector.ts';
import type { ClusterFacts } from './model/cluster-facts.ts';
import { sortConcerns } from './model/concern.ts';
import { MigrationError } from './model/errors.ts';
import type { GuestInspection } from './model/guest-inspection.ts';
import { type GuestChoice, type GuestTerms, policyOf } from './model/guest-terms.ts';
import type { MappingOptions, NetworkMap, StorageMap } from './model/mapping.ts';
import type { MigrationType } from './model/phase.ts';
import type { VmReport } from './model/report.ts';
import type { AfterCommit } from './model/source-retirement.ts';
import type { SourceVm } from './model/vm.ts';
import { choiceFor, optionsFor } from './plan/guests.ts';
import { itineraryOf } from './plan/itineraries.ts';

/** What is asked for every VM. */
export interface VmRequest {
  /** VMs that are off are migrated cold in any case: there is nothing to keep running. */
  readonly type: MigrationType;
  /** VMs that are cut over together or not at all: the group of a VM, by its name or id. */
  readonly groups?: ReadonlyMap<string, string>;
  /** VMs can be taken back for a while. */
  readonly commit?: boolean;
  /** What becomes of guests, and what has to be seen of them; absent: nobody looks into them. */
  readonly guests?: GuestTerms;
  /** What becomes of sources whose VMs are at the target for good. */
  readonly afterCommit?: AfterCommit;
  /** Migrations that have begun, by `VmRef.id`. */
  readonly begun?: ReadonlyMap<string, Begun>;
  readonly networkMap: NetworkMap;
  readonly storageMap: StorageMap;
  readonly facts: ClusterFacts;
  readonly options: MappingOptions;
  /** Looks into guests before they are copied; absent: nobody does. */
  readonly inspect?: GuestInspector;
}

export interface Surroundings {
  readonly peers: readonly Peer[];
  readonly names: ReadonlyMap<string, AssignedName>;
  readonly networkPlan: NetworkPlan | undefined;
  readonly sharedDisks: SharedDisks;
  readonly placement: PlacementRules;
  readonly request: VmRequest;
}

/** @throws MigrationError `canceled` */
export async function prepareVm(
  vm: SourceVm,
  { peers, names, request, ...run }: Surroundings,
  signal: AbortSignal,
): Promise<VmReport> {
  const assigned = names.get(vm.ref.id);
  if (assigned === undefined) throw new Error(`no name for ${vm.ref.id}`);
  const { networkMap, storageMap, facts, options, groups, commit = false, afterCommit } = request;
  const begun = request.begun?.get(vm.ref.id);
  const type = begun?.type ?? (vm.power === 'off' ? 'cold' : request.type);
  const group = groups === undefined ? begun?.group : (groups.get(vm.name) ?? groups.get(vm.ref.id));
  const guest = choiceFor(vm, request.guests);
  const look = await lookInto(vm, { guest, inspect: request.inspect, signal });
  const known = { policy: policyOf(guest), inspection: look.inspection };
  const tables = { networkMap, storageMap, facts, options: optionsFor(guest, options), guest: known, ...run };
  const name = begun?.targetName ?? assigned.name;
  const mapping = mapVm(vm, { ...tables, name, nameBecause: assigned.because, claims: begun?.claims });
  return {
    vm,
    concerns: sortConcerns([
      ...assess(vm, { peers, options, type, guest, inCluster: Object.keys(facts).length > 0, ...look }),
      ...mapping.concerns,
      ...assessTarget(vm, mapping, request),
    ]),
    ...(look.inspection && { inspection: look.inspection }),
    plan: {
      ...{
        vm,
        type,
        mapping,
        itinerary: itineraryOf(type, {
          commit,
          retire: afterCommit !== undefined,
          group: group !== undefined || begun?.group !== undefined,
        }),
      },
      ...(group !== undefined && { group }),
      ...guest,
      ...(afterCommit && { afterCommit }),
    },
  };
}

interface Look {
  readonly inspection?: GuestInspection | undefined;
  /** Why a look that was tried found nothing out. */
  readonly unseen?: string;
}

async function lookInto(
  vm: SourceVm,
  { guest, inspect, signal }: { guest: GuestChoice; inspect: GuestInspector | undefined; signal: AbortSignal },
): Promise<Look> {
  if (inspect === undefined) return {};
  try {
    return { inspection: await inspect(vm, guest, signal) };
  } catch (error) {
    if (signal.aborted || !(error instanceof MigrationError)) throw error;
    return { unseen: `${error.message} ${error.hint}`.trim() };
  }
}
