/** Networks, datastores and hosts of an export. Rows that repeat a name (one per host, or several vCenters) are told once. */
import type { Inventory, SourceHost, SourceStorage } from '../../src/model/inventory.ts';
import { mebibytes, text } from './cells.ts';
import { type Row, toRow } from './fleet.ts';
import type { Layouts } from './headers.ts';
import { PortGroups } from './port-groups.ts';
import type { SheetName } from './sheets.ts';
import type { Workbook } from './workbook.ts';

export type Surroundings = Omit<Inventory, 'vms'>;

/** Port groups, which the VMs' NICs need as well. */
export async function readPortGroups(workbook: Workbook, layouts: Layouts, signal: AbortSignal): Promise<PortGroups> {
  const groups = new PortGroups();
  for await (const row of read(workbook, { sheet: 'vPort', layouts, signal })) groups.add(row);
  for await (const row of read(workbook, { sheet: 'dvPort', layouts, signal })) groups.add(row);
  return groups;
}

export async function readStorages(workbook: Workbook, layouts: Layouts, signal: AbortSignal): Promise<readonly SourceStorage[]> {
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
    });
  }
  return [...storages.values()];
}

export async function readHosts(workbook: Workbook, layouts: Layouts, signal: AbortSignal): Promise<readonly SourceHost[]> {
  const hosts = new Map<string, SourceHost>();
  for await (const row of read(workbook, { sheet: 'vHost', layouts, signal })) {
    const name = text(row.host);
    if (name === undefined || hosts.has(name)) continue;
    const product = text(row.version);
    hosts.set(name, { id: text(row.id) ?? name, name, ...(product !== undefined && { product }) });
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
