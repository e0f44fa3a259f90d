/** The CSV files of one export as a Workbook: the vInfo file and those beside it that are named alike. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../../../src/model/errors.ts';
import { MAX_PARTS } from '../limits.ts';
import { SHEET_NAMES } from '../sheets.ts';
import type { Cell, Workbook } from '../workbook.ts';
import { readCsv } from './csv-file.ts';

/** `RVTools_tabvInfo.csv`, `vInfo.csv`, `berlin_RVTools_tabvInfo_2026-01-02.csv`: what stands before and behind the sheet names the export. */
const SHEET_FILE = new RegExp(`^(?<before>.*?)(?<sheet>${SHEET_NAMES.join('|')})(?<after>[^a-z]*)\\.csv$`, 'i');

interface SheetFile {
  readonly name: string;
  readonly sheet: string;
  /** The same for all files of an export. */
  readonly group: string;
}

export class CsvWorkbook implements Workbook {
  readonly kind: 'workbook' | 'table';
  readonly #files: ReadonlyMap<string, string>;

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
    this.kind = files.size > 1 ? 'workbook' : 'table';
  }

  /** A file that is not named like a sheet is taken for vInfo. */
  static async openFile(file: string): Promise<CsvWorkbook> {
    const own = parseName(path.basename(file));
    if (own?.sheet.toLowerCase() !== 'vinfo') return new CsvWorkbook(new Map([['vInfo', file]]));
    const folder = path.dirname(file);
    const all = await sheetFiles(folder);
    const group = all.filter((other) => other.group === own.group && other.name !== path.basename(file));
    return new CsvWorkbook(
      new Map([['vInfo', file], ...group.map(({ sheet, name }) => [sheet, path.join(folder, name)] as const)]),
    );
  }

  /** @throws MigrationError `source-unrecognised` when there is not exactly one export in the folder */
  static async openFolder(folder: string): Promise<CsvWorkbook> {
    const infos = (await sheetFiles(folder)).filter(({ sheet }) => sheet.toLowerCase() === 'vinfo');
    const [only] = infos;
    if (only === undefined || infos.length > 1) {
      const found = only === undefined ? 'no vInfo CSV file' : `several exports (${infos.map(({ name }) => name).join(', ')})`;
      throw new MigrationError('source-unrecognised', `The folder holds ${found}.`, {
        file: folder,
        hint: 'Name the vInfo file of one export.',
      });
    }
    return CsvWorkbook.openFile(path.join(folder, only.name));
  }

  get sheets(): readonly string[] {
    return [...this.#files.keys()];
  }

  async header(sheet: string, signal: AbortSignal): Promise<readonly string[]> {
    for await (const [first] of readCsv(this.#file(sheet), signal)) return first ?? [];
    return [];
  }

  async *rows(sheet: string, columns: readonly number[], signal: AbortSignal): AsyncGenerator<readonly (readonly Cell[])[]> {
    let below = false;
    for await (const records of readCsv(this.#file(sheet), signal)) {
      const rows = below ? records : records.slice(1);
      below = true;
      yield rows.map((record) => columns.map((column) => record[column] || undefined));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #file(sheet: string): string {
    const file = this.#files.get(sheet);
    if (file === undefined) throw new Error(`no sheet ${sheet}`);
    return file;
  }
}

/** Only regular files: a link could lead out of the folder. */
async function sheetFiles(folder: string): Promise<readonly SheetFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.length > MAX_PARTS) {
    throw new MigrationError('workbook-too-large', `The folder holds more than ${MAX_PARTS} files.`, { file: folder });
  }
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => parseName(name))
    .filter((file) => file !== undefined)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function parseName(name: string): SheetFile | undefined {
  const { before, sheet, after } = SHEET_FILE.exec(name)?.groups ?? {};
  if (before === undefined || sheet === undefined || after === undefined) return undefined;
  return { name, sheet, group: `${before}\n${after}` };
}
