/** Writes workbooks in the dialects that programs write: shared or inline texts, prefixed names, cells without references. */
import { type Part, writeZip } from './zip-writer.ts';

export type Value = string | number | boolean | undefined;

export interface Dialect {
  /** `shared` as Excel does, `inline` as simple writers do. */
  readonly texts?: 'shared' | 'inline';
  /** Open XML SDK puts `x:` in front of every name. */
  readonly prefix?: string;
  /** Cells say where they are; without, they follow each other. */
  readonly references?: boolean;
}

export type Sheets = Readonly<Record<string, Iterable<readonly Value[]>>>;

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships';

export async function writeXlsx(file: string, sheets: Sheets, dialect: Dialect = {}): Promise<void> {
  await writeZip(file, xlsxParts(sheets, dialect));
}

/** The parts of a workbook, sheets first: shared texts are known when the sheets are written. */
export function* xlsxParts(sheets: Sheets, { texts = 'shared', prefix = '', references = true }: Dialect = {}): Generator<Part> {
  const names = Object.keys(sheets);
  const shared = new Map<string, number>();
  yield* fixedParts(names, prefix);
  for (const [index, rows] of Object.values(sheets).entries()) {
    const cells = new CellWriter(prefix, references, texts === 'shared' ? shared : undefined);
    yield { name: `xl/worksheets/sheet${index + 1}.xml`, chunks: sheetXml(rows, cells, prefix) };
  }
  yield { name: 'xl/sharedStrings.xml', chunks: sharedXml(shared, prefix) };
}

function* fixedParts(names: readonly string[], prefix: string): Generator<Part> {
  const x = prefix;
  const xmlns = `xmlns${x === '' ? '' : `:${x.slice(0, -1)}`}="${MAIN}"`;
  const relation = (id: string, kind: string, target: string): string =>
    `<Relationship Id="${id}" Type="${OFFICE}/${kind}" Target="${target}"/>`;
  yield {
    name: '_rels/.rels',
    chunks: [`<Relationships xmlns="${PACKAGE}">${relation('r0', 'officeDocument', '/xl/workbook.xml')}</Relationships>`],
  };
  const list = names
    .map((name, index) => `<${x}sheet name="${escapeXml(name)}" sheetId="${index + 1}" r:id="r${index + 1}"/>`)
    .join('');
  yield {
    name: 'xl/workbook.xml',
    chunks: [`<?xml version="1.0"?><${x}workbook ${xmlns} xmlns:r="${OFFICE}"><${x}sheets>${list}</${x}sheets></${x}workbook>`],
  };
  const sheets = names.map((_name, index) => relation(`r${index + 1}`, 'worksheet', `worksheets/sheet${index + 1}.xml`)).join('');
  yield {
    name: 'xl/_rels/workbook.xml.rels',
    chunks: [`<Relationships xmlns="${PACKAGE}">${sheets}${relation('s', 'sharedStrings', 'sharedStrings.xml')}</Relationships>`],
  };
}

class CellWriter {
  readonly #x: string;
  readonly #references: boolean;
  readonly #shared: Map<string, number> | undefined;

  constructor(prefix: string, references: boolean, shared: Map<string, number> | undefined) {
    this.#x = prefix;
    this.#references = references;
    this.#shared = shared;
  }

  write(value: Value, column: number, row: number): string {
    const x = this.#x;
    if (value === undefined) return this.#references ? '' : `<${x}c/>`;
    const place = this.#references ? ` r="${COLUMN_NAMES[column]}${row}"` : '';
    if (typeof value === 'number') return `<${x}c${place}><${x}v>${value}</${x}v></${x}c>`;
    if (typeof value === 'boolean') return `<${x}c${place} t="b"><${x}v>${value ? 1 : 0}</${x}v></${x}c>`;
    if (this.#shared === undefined) {
      return `<${x}c${place} t="inlineStr"><${x}is><${x}t xml:space="preserve">${escapeXml(value)}</${x}t></${x}is></${x}c>`;
    }
    const known = this.#shared.get(value) ?? this.#shared.size;
    this.#shared.set(value, known);
    return `<${x}c${place} s="1" t="s"><${x}v>${known}</${x}v></${x}c>`;
  }
}

function* sheetXml(rows: Iterable<readonly Value[]>, cells: CellWriter, x: string): Generator<string> {
  const xmlns = `xmlns${x === '' ? '' : `:${x.slice(0, -1)}`}="${MAIN}"`;
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<!-- <row> in a comment --><${x}worksheet ${xmlns}><${x}sheetData>`;
  let number = 0;
  for (const row of rows) {
    number += 1;
    yield `<${x}row r="${number}">${row.map((value, column) => cells.write(value, column, number)).join('')}</${x}row>`;
  }
  yield `</${x}sheetData></${x}worksheet>`;
}

function* sharedXml(shared: ReadonlyMap<string, number>, x: string): Generator<string> {
  yield `<${x}sst xmlns${x === '' ? '' : `:${x.slice(0, -1)}`}="${MAIN}">`;
  for (const text of shared.keys()) yield `<${x}si><${x}t xml:space="preserve">${escapeXml(text)}</${x}t></${x}si>`;
  yield `</${x}sst>`;
}

const COLUMN_NAMES: readonly string[] = Array.from({ length: 200 }, (_name, index) => columnName(index));

function columnName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : columnName(Math.floor(index / 26) - 1) + letter;
}

function escapeXml(text: string): string {
  if (!/[&<>"]/.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
