/**
 * All rows of an export, joined by VM. Every sheet is read once, from top to bottom; the cells that are wanted are kept compressed, so that
 * VMs can be put together one after the other whatever order the sheets are in.
 */
import { MigrationError } from '../../src/model/errors.ts';
import { text } from './cells.ts';
import { type Layout, type Layouts, readLayouts } from './headers.ts';
import { Budget, PagedList } from './paged-list.ts';
import { SHEETS, type SheetName, VM_SHEETS, type VmSheet } from './sheets.ts';
import { type Identity, VmIndex } from './vm-index.ts';
import type { Cell, Workbook } from './workbook.ts';

/** One row by column key of SHEETS; columns that the export lacks are undefined. */
export type Row<S extends SheetName> = { readonly [K in keyof (typeof SHEETS)[S]['columns']]: Cell };

/** All that an export says about one VM. A sheet that the export lacks is undefined, one without rows for this VM is empty. */
export type VmRows = { readonly [S in VmSheet]: readonly Row<S>[] | undefined } & {
  /** Unique in the export. */
  readonly id: string;
  readonly info: Row<'vInfo'>;
  /** Non-empty custom attributes of vInfo by title. */
  readonly attributes: readonly (readonly [string, string])[];
};

type Packed = readonly (Cell | null)[];

/** Rows of one sheet with the rows of each VM chained. */
interface Chains {
  readonly rows: PagedList<Packed>;
  /** First row by VM number, next row by row; -1 ends a chain. */
  readonly heads: number[];
  readonly tails: number[];
  readonly next: number[];
}

/** At most so many examples are told of each kind of contradiction. */
const EXAMPLES = 5;

export class Fleet {
  readonly layouts: Layouts;
  readonly #budget = new Budget();
  readonly #infos = new PagedList<Packed>(this.#budget);
  readonly #chains = new Map<VmSheet, Chains>();
  readonly #index = new VmIndex();
  readonly #problems: string[] = [];

  private constructor(layouts: Layouts) {
    this.layouts = layouts;
  }

  /**
   * @throws MigrationError `workbook-incomplete`, `workbook-contradictory` (a VM listed twice, rows that could belong to several VMs),
   * `workbook-malformed`, `workbook-too-large`
   */
  static async load(workbook: Workbook, name: string, signal: AbortSignal): Promise<Fleet> {
    const fleet = new Fleet(await readLayouts(workbook, name, signal));
    await fleet.#loadInfos(workbook, signal);
    for (const sheet of VM_SHEETS) {
      const layout = fleet.layouts[sheet];
      if (layout !== undefined) await fleet.#loadSheet(workbook, { sheet, layout, signal });
    }
    if (fleet.#problems.length > 0) {
      throw new MigrationError('workbook-contradictory', `The export contradicts itself: ${fleet.#problems.join('; ')}.`, {
        file: name,
      });
    }
    return fleet;
  }

  /** Number of VMs. */
  get size(): number {
    return this.#infos.length;
  }

  /** Row of VM `number` in vInfo, counted from 0. */
  info(number: number): Row<'vInfo'> {
    return toRow<'vInfo'>(this.#infoLayout(), this.#packedInfo(number));
  }

  /** Unique in the export, and short. */
  idOf(number: number): string {
    return this.#index.uniqueName(this.info(number), number);
  }

  /** All rows of VM `number`. */
  vm(number: number): VmRows {
    const { keys, attributes: titles } = this.#infoLayout();
    const packed = this.#packedInfo(number);
    const info = this.info(number);
    const sheets = Object.fromEntries(VM_SHEETS.map((sheet) => [sheet, this.rowsOf(sheet, number)])) as {
      [S in VmSheet]: readonly Row<S>[] | undefined;
    };
    const attributes = titles
      .map((title, index) => [title.trim(), text(packed[keys.length + index] ?? undefined) ?? ''] as const)
      .filter(([, value]) => value !== '');
    return { ...sheets, id: this.#index.uniqueName(info, number), info, attributes };
  }

  /** Rows of a sheet for VM `number`; undefined when the export lacks the sheet. */
  rowsOf<S extends VmSheet>(sheet: S, number: number): readonly Row<S>[] | undefined {
    const layout = this.layouts[sheet];
    const chains = this.#chains.get(sheet);
    if (layout === undefined || chains === undefined) return undefined;
    const rows: Row<S>[] = [];
    for (let at = chains.heads[number] ?? -1; at >= 0; at = chains.next[at] ?? -1) {
      const packed = chains.rows.get(at);
      if (packed !== undefined) rows.push(toRow<S>(layout, packed));
    }
    return rows;
  }

  #infoLayout(): Layout {
    const layout = this.layouts.vInfo;
    if (layout === undefined) throw new Error('an export without vInfo was let in');
    return layout;
  }

  #packedInfo(number: number): Packed {
    const packed = this.#infos.get(number);
    if (packed === undefined) throw new Error(`no VM ${number}`);
    return packed;
  }

  async #loadInfos(workbook: Workbook, signal: AbortSignal): Promise<void> {
    const layout = this.#infoLayout();
    const twice: string[] = [];
    const identify = identifier(layout);
    for await (const batch of workbook.rows(layout.sheet, layout.indices, signal)) {
      for (const cells of batch) {
        const identity = identify(cells);
        // A row without a name is a sum or a remark that somebody added.
        if (text(identity.vm) === undefined && text(identity.vmId) === undefined) continue;
        if (!this.#index.add(identity, this.#infos.push(cells))) twice.push(describeVm(identity));
      }
    }
    if (twice.length > 0) this.#problems.push(`${examples(twice)} listed twice in vInfo`);
  }

  async #loadSheet(
    workbook: Workbook,
    { sheet, layout, signal }: { readonly sheet: VmSheet; readonly layout: Layout; readonly signal: AbortSignal },
  ): Promise<void> {
    const chains: Chains = { rows: new PagedList(this.#budget), heads: [], tails: [], next: [] };
    const ambiguous = new Set<string>();
    const identify = identifier(layout);
    let seen = 0;
    for await (const batch of workbook.rows(layout.sheet, layout.indices, signal)) {
      for (const cells of batch) {
        const identity = identify(cells);
        if (text(identity.vm) === undefined && text(identity.vmId) === undefined) continue;
        seen += 1;
        const number = this.#index.find(identity);
        // VMs that are not in vInfo were taken out of it: vInfo is the list of VMs.
        if (number === 'ambiguous') ambiguous.add(describeVm(identity));
        else if (number !== 'unknown') chain(chains, number, cells);
      }
    }
    if (ambiguous.size > 0) {
      this.#problems.push(
        `rows of ${sheet} for ${examples([...ambiguous])} could belong to several VMs (a VM ID column would tell)`,
      );
    } else if (seen > 0 && chains.rows.length === 0 && this.size > 0 && 'need' in SHEETS[sheet]) {
      this.#problems.push(`not one of the ${seen} rows of ${sheet} belongs to a VM of vInfo`);
    }
    this.#chains.set(sheet, chains);
  }
}

function chain({ rows, heads, tails, next }: Chains, number: number, cells: readonly Cell[]): void {
  const row = rows.push(cells);
  next.push(-1);
  while (heads.length <= number) {
    heads.push(-1);
    tails.push(-1);
  }
  const tail = tails[number] ?? -1;
  if (tail < 0) heads[number] = row;
  else next[tail] = row;
  tails[number] = row;
}

/** Picks the five cells that tell the VM, without making the whole row. */
function identifier({ keys }: Layout): (cells: readonly Cell[]) => Identity {
  const [vm = -1, vmId = -1, vmUuid = -1, datacenter = -1, server = -1] = ['vm', 'vmId', 'vmUuid', 'datacenter', 'server'].map(
    (key) => keys.indexOf(key),
  );
  return (cells) => ({
    vm: cells[vm],
    vmId: cells[vmId],
    vmUuid: cells[vmUuid],
    datacenter: cells[datacenter],
    server: cells[server],
  });
}

/** A row as it was read, or as it comes back from a page, where undefined became null. */
export function toRow<S extends SheetName>({ keys }: Layout, cells: Packed): Row<S> {
  const row: Record<string, Cell> = {};
  for (const [index, key] of keys.entries()) row[key] = cells[index] ?? undefined;
  return row as Row<S>;
}

function describeVm({ vm, vmId, datacenter }: Identity): string {
  const [name, id, place] = [vm, vmId, datacenter].map(text);
  return [name ?? id, place === undefined ? undefined : `(${place})`].filter((part) => part !== undefined).join(' ');
}

function examples(names: readonly string[]): string {
  const more = names.length - EXAMPLES;
  return `${names.slice(0, EXAMPLES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
