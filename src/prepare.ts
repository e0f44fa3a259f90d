/**
 * inventory → assessment → mapping → plan, as one Report. (Read me second.)
 * `assess`, `plan` and `migrate` all run this; a dry run is this and nothing else.
 */
import { mapVm } from '../mappings/index.ts';
import { assignNames } from '../mappings/names.ts';
import { assess } from './assess/index.ts';
import type { Clock } from './contracts/clock.ts';
import type { Connection } from './contracts/provider.ts';
import { sortConcerns } from './model/concern.ts';
import type { ClusterFacts, MappingOptions, NetworkMap, StorageMap } from './model/mapping.ts';
import type { MigrationType } from './model/phase.ts';
import type { Report, VmReport } from './model/report.ts';
import type { SourceVm } from './model/vm.ts';
import { ITINERARIES } from './plan/itineraries.ts';
import { select } from './plan/select.ts';

export interface PrepareRequest {
  /** Names or ids of VMs; all when empty. */
  readonly vms: readonly string[];
  readonly type: MigrationType;
  readonly networkMap: NetworkMap;
  readonly storageMap: StorageMap;
  readonly facts: ClusterFacts;
  readonly options: MappingOptions;
}

/**
 * Reads the source once and says what a migration would do.
 * @throws MigrationError of the provider, and `vm-not-found`
 */
export async function prepare(
  connection: Connection,
  request: PrepareRequest,
  context: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Report> {
  const inventory = await Array.fromAsync(connection.vms(context.signal));
  const vms = select(inventory, request.vms);
  const names = assignNames(vms);
  return {
    schema: 'kubeferry.dev/report/v1',
    source: connection.name,
    createdAt: new Date(context.clock.now()).toISOString(),
    vms: vms.map((vm) => prepareVm(vm, { peers: vms, names, request })),
    concerns: [],
  };
}

interface Surroundings {
  readonly peers: readonly SourceVm[];
  readonly names: ReturnType<typeof assignNames>;
  readonly request: PrepareRequest;
}

function prepareVm(vm: SourceVm, { peers, names, request }: Surroundings): VmReport {
  const assigned = names.get(vm.ref.id);
  if (assigned === undefined) throw new Error(`no name for ${vm.ref.id}`);
  const { type, networkMap, storageMap, facts, options } = request;
  const mapping = mapVm(vm, { networkMap, storageMap, facts, options, name: assigned.name, nameBecause: assigned.because });
  return {
    vm,
    concerns: sortConcerns([...assess(vm, { peers, options }), ...mapping.concerns]),
    plan: { vm, type, itinerary: ITINERARIES[type], mapping },
  };
}
