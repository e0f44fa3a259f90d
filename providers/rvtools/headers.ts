/** Header rows → where each column is; what is missing is collected over all sheets and told at once. */
import { MigrationError } from '../../src/model/errors.ts';
import { type Column, OTHER_INFO_COLUMNS, SHEET_NAMES, SHEETS, type SheetName } from './sheets.ts';
import type { Workbook } from './workbook.ts';

/** Where the columns of one sheet are. */
export interface Layout {
  /** As the workbook writes it. */
  readonly sheet: string;
  /** Column keys of SHEETS in the order in which cells are asked for. */
  readonly keys: readonly string[];
  /** Indices into the header, one for each of `keys`, then one for each of `attributes`. */
  readonly indices: readonly number[];
  /** Custom attributes and tag categories of vInfo by their title. */
  readonly attributes: readonly string[];
}

export type Layouts = Readonly<Partial<Record<SheetName, Layout>>>;

/**
 * Reads all header rows.
 * @throws MigrationError `workbook-incomplete` that lists every missing sheet and column
 */
export async function readLayouts(workbook: Workbook, name: string, signal: AbortSignal): Promise<Layouts> {
  const layouts: Partial<Record<SheetName, Layout>> = {};
  const missing: string[] = [];
  for (const sheet of SHEET_NAMES) {
    const written = workbook.sheets.find((candidate) => candidate.trim().toLowerCase() === sheet.toLowerCase());
    const { need } = SHEETS[sheet] as { need?: string };
    if (written === undefined) {
      if (need !== undefined && (workbook.kind === 'workbook' || sheet === 'vInfo')) missing.push(`sheet ${sheet} (${need})`);
      continue;
    }
    const header = await workbook.header(written, signal);
    const layout = layOut(sheet, written, header);
    const absent = missingColumns(sheet, layout);
    if (absent.length === 0) layouts[sheet] = layout;
    else if (header.length > 0 || need !== undefined) missing.push(...absent, `(${sheet} has ${describe(header)})`);
  }
  if (missing.length === 0) return layouts;
  throw new MigrationError('workbook-incomplete', `This is not a complete RVTools export; missing: ${missing.join('; ')}.`, {
    file: name,
    ...(layouts.vInfo === undefined && { at: `sheets: ${describe(workbook.sheets)}` }),
  });
}

function describe(names: readonly string[]): string {
  const shown = names.filter((name) => name !== '').map((name) => name.slice(0, 40));
  if (shown.length === 0) return 'nothing';
  return shown.length > 12 ? `${shown.slice(0, 12).join(', ')} and ${shown.length - 12} more` : shown.join(', ');
}

function missingColumns(sheet: SheetName, layout: Layout): readonly string[] {
  const columns: readonly (readonly [string, Column])[] = Object.entries(SHEETS[sheet].columns);
  return columns
    .filter(
      ([key, { need }]) => need !== undefined && !layout.keys.includes(key) && !(key === 'vm' && layout.keys.includes('vmId')),
    )
    .map(([, { title, need }]) => `column ${title} of ${sheet} (${need})`);
}

/** Finds the columns of a sheet. */
function layOut(sheet: SheetName, written: string, header: readonly string[]): Layout {
  const zone = attributeZone(header);
  const names = header.map((title) => bareName(title, sheet));
  const keys: string[] = [];
  const indices: number[] = [];
  const columns: readonly (readonly [string, Column])[] = Object.entries(SHEETS[sheet].columns);
  for (const [key, { title, also = [] }] of columns) {
    const index = findColumn(names, [normalise(title), ...also.map(normalise)], zone);
    if (index === undefined) continue;
    keys.push(key);
    indices.push(index);
  }
  const attributes = sheet === 'vInfo' ? attributeColumns(header, { names, zone, taken: indices }) : [];
  return {
    sheet: written,
    keys,
    indices: [...indices, ...attributes],
    attributes: attributes.map((index) => header[index] ?? ''),
  };
}

type Zone = { readonly from: number; readonly to: number };

/** RVTools puts custom attributes between Annotation and Datacenter; there, any name may stand, `Host` and `Name` included. */
function attributeZone(header: readonly string[]): Zone {
  const names = header.map((title) =>
    normalise(title).replace(/^v(?:info|cpu|memory|disk|partition|network|cd|usb|snapshot|tools)/, ''),
  );
  const from = names.indexOf('annotation');
  const to = names.lastIndexOf('datacenter');
  return from >= 0 && to > from ? { from, to } : { from: 0, to: 0 };
}

function findColumn(names: readonly string[], wanted: readonly string[], { from, to }: Zone): number | undefined {
  const outside = (index: number): boolean => index <= from || index >= to;
  for (const isAllowed of [outside, () => true]) {
    for (const name of wanted) {
      const index = names.findIndex((candidate, at) => candidate === name && isAllowed(at));
      if (index >= 0) return index;
    }
  }
  return undefined;
}

const OTHER_INFO_NAMES = new Set(OTHER_INFO_COLUMNS.map(normalise));

function attributeColumns(
  header: readonly string[],
  { names, zone, taken }: { readonly names: readonly string[]; readonly zone: Zone; readonly taken: readonly number[] },
): readonly number[] {
  return header
    .map((title, index) => ({ title: title.trim(), index }))
    .filter(({ title, index }) => title !== '' && !taken.includes(index))
    .filter(({ index }) => (index > zone.from && index < zone.to) || !OTHER_INFO_NAMES.has(names[index] ?? ''))
    .map(({ index }) => index);
}

function bareName(title: string, sheet: SheetName): string {
  const name = normalise(title);
  const prefix = sheet.toLowerCase();
  return name.length > prefix.length && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** Without case, blanks and signs; `MB` and `MiB` are one. */
function normalise(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .replace(/mb$/, 'mib')
    .replace(/mb(?=total$|vmsn$)/, 'mib');
}
