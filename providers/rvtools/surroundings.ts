/** Networks, datastores and hosts of an export, and the rules between VMs. Names that repeat (one row per host, several vCenters) are told once. */
import type { Inventory, SourceHost, SourceStorage } from '../../src/model/inventory.ts';
import type { NetworkRef } from '../../src/model/network.ts';
import { flag, mebibytes, text } from './cells.ts';
import { type Fleet, type Row, toRow } from './fleet.ts';
import type { Layouts } from './headers.ts';
import { networkRows, readNetwork } from './nics.ts';
import { PortGroups } from './port-groups.ts';
import { readRelations } from './rules.ts';
import type { SheetName } from './sheets.ts';
import type { Workbook } from './workbook.ts';

export type Surroundings = Omit<Inventory, 'vms'>;

export interface Export {
  readonly workbook: Workbook;
  readonly fleet: Fleet;
  readonly portGroups: PortGroups;
}

export async function readSurroundings({ workbook, fleet, portGroups }: Export, signal: AbortSignal): Promise<Surroundings> {
  const { layouts } = fleet;
  const relations = readRelations(fleet);
  return {
    networks: portGroups.networks(attachedNetworks(fleet, portGroups)),
    storages: await readStorages(workbook, layouts, signal),
    hosts: await readHosts(workbook, layouts, signal),
    ...(relations.length > 0 && { relations }),
  };
}

/** Port groups, which the VMs' NICs need as well. */
export async function readPortGroups(workbook: Workbook, layouts: Layouts, signal: AbortSignal): Promise<PortGroups> {
  const groups = new PortGroups();
  for (const sheet of ['vSwitch', 'dvSwitch'] as const) {
    for await (const row of read(workbook, { sheet, layouts, signal })) groups.addSwitch(row);
  }
  for await (const row of read(workbook, { sheet: 'vPort', layouts, signal })) groups.add('standard', row);
  for await (const row of read(workbook, { sheet: 'dvPort', layouts, signal })) groups.add('distributed', row);
  return groups;
}

function attachedNetworks(fleet: Fleet, portGroups: PortGroups): ReadonlyMap<string, NetworkRef> {
  const networks = new Map<string, NetworkRef>();
  for (let number = 0; number < fleet.size; number += 1) {
    const rows = fleet.rowsOf('vNetwork', number);
    for (const row of rows ?? networkRows({ info: fleet.info(number), vNetwork: undefined })) {
      const network = readNetwork(row, portGroups);
      if (network !== undefined && !networks.has(network.id)) networks.set(network.id, network);
    }
  }
  return networks;
}

async function readStorages(workbook: Workbook, layouts: Layouts, signal: AbortSignal): Promise<readonly SourceStorage[]> {
  const storages = new Map<string, SourceStorage>();
  for await (const row of read(workbook, { sheet: 'vDatastore', layouts, signal })) {
    const name = text(row.name);
    if (name === undefined || storages.has(name)) continue;
    const kind = text(row.type)?.toLowerCase();
    const capacity = mebibytes(row.capacity);
    const free = mebibytes(row.free);
    storages.set(name, {
      id: name,
      name,
      ...(kind !== undefined && { kind }),
      ...(capacity !== undefined && { capacity }),
      ...(free !== undefined && { free }),
      ...(flag(row.accessible) === false && { unavailable: true }),
    });
  }
  return [...storages.values()];
}

async function readHosts(workbook: Workbook, layouts: Layouts, signal: AbortSignal): Promise<readonly SourceHost[]> {
  const hosts = new Map<string, SourceHost>();
  for await (const row of read(workbook, { sheet: 'vHost', layouts, signal })) {
    const name = text(row.host);
    if (name === undefined || hosts.has(name)) continue;
    const product = text(row.version);
    const cluster = text(row.cluster);
    const evcMode = text(row.evc);
    const maintenance = flag(row.maintenance);
    hosts.set(name, {
      id: name,
      name,
      ...(product !== undefined && { product }),
      ...(cluster !== undefined && { cluster }),
      ...(evcMode !== undefined && { evcMode }),
      ...(maintenance !== undefined && { maintenance }),
    });
  }
  return [...hosts.values()];
}

async function* read<S extends SheetName>(
  workbook: Workbook,
  { sheet, layouts, signal }: { readonly sheet: S; readonly layouts: Layouts; readonly signal: AbortSignal },
): AsyncGenerator<Row<S>> {
  const layout = layouts[sheet];
  if (layout === undefined) return;
  for await (const batch of workbook.rows(layout.sheet, layout.indices, signal)) {
    for (const cells of batch) yield toRow<S>(layout, cells);
  }
}
