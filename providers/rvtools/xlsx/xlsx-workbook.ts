/** An .xlsx file as a Workbook. Sheets are found by the relationships, as programs may name the parts as they like. */
import path from 'node:path/posix';
import { MigrationError } from '../../../src/model/errors.ts';
import { MAX_WORKBOOK_XML } from '../limits.ts';
import type { Cell, Workbook } from '../workbook.ts';
import { Archive } from './archive.ts';
import { type Attributes, PartParser } from './part-parser.ts';
import { SharedStrings } from './shared-strings.ts';
import { SheetReader } from './sheet-reader.ts';

export class XlsxWorkbook implements Workbook {
  readonly kind = 'workbook';
  readonly #file: string;
  readonly #archive: Archive;
  /** Part by sheet name. */
  readonly #parts: ReadonlyMap<string, string>;
  readonly #stringsPart: string | undefined;
  #strings: Promise<SharedStrings> | undefined;

  private constructor(file: string, archive: Archive, directory: Directory) {
    this.#file = file;
    this.#archive = archive;
    this.#parts = directory.sheets;
    this.#stringsPart = directory.strings;
  }

  /** @throws MigrationError `workbook-malformed`, `workbook-too-large` */
  static async open(file: string, signal: AbortSignal): Promise<XlsxWorkbook> {
    const archive = await Archive.open(file, signal);
    try {
      return new XlsxWorkbook(file, archive, await readDirectory(file, archive, signal));
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error;
    }
  }

  get sheets(): readonly string[] {
    return [...this.#parts.keys()];
  }

  async header(sheet: string, signal: AbortSignal): Promise<readonly string[]> {
    for await (const [first] of this.#read(sheet, undefined, signal)) {
      if (first !== undefined) return Array.from(first, (cell) => (cell === undefined ? '' : String(cell)));
    }
    return [];
  }

  async *rows(sheet: string, columns: readonly number[], signal: AbortSignal): AsyncGenerator<readonly (readonly Cell[])[]> {
    let below = false;
    for await (const rows of this.#read(sheet, columns, signal)) {
      yield below ? rows : rows.slice(1);
      below = true;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#archive[Symbol.asyncDispose]();
  }

  /** Batches of rows, never an empty one. */
  async *#read(sheet: string, columns: readonly number[] | undefined, signal: AbortSignal): AsyncGenerator<readonly Cell[][]> {
    const part = this.#parts.get(sheet);
    if (part === undefined) throw new Error(`no sheet ${sheet}`);
    const strings = await this.#sharedStrings(signal);
    const reader = new SheetReader((index) => strings.get(index), columns);
    try {
      for await (const chunk of this.#archive.read(part, signal)) {
        const rows = reader.push(chunk);
        if (rows.length > 0) yield rows;
      }
    } catch (error) {
      throw placed(error, this.#file, sheet);
    }
    if (!reader.done)
      throw new MigrationError('workbook-malformed', 'The sheet ends too early.', { file: this.#file, at: sheet });
  }

  /** Read once, when the first sheet is; an aborted reading is forgotten. */
  #sharedStrings(signal: AbortSignal): Promise<SharedStrings> {
    this.#strings ??= this.#readStrings(signal).catch((error: unknown) => {
      this.#strings = undefined;
      throw error;
    });
    return this.#strings;
  }

  async #readStrings(signal: AbortSignal): Promise<SharedStrings> {
    const strings = new SharedStrings();
    if (this.#stringsPart === undefined) return strings;
    try {
      for await (const chunk of this.#archive.read(this.#stringsPart, signal)) strings.push(chunk);
    } catch (error) {
      throw placed(error, this.#file, this.#stringsPart);
    }
    return strings;
  }
}

/** Errors of the parser know no file. */
function placed(error: unknown, file: string, at: string): unknown {
  if (!(error instanceof MigrationError) || error.place.file !== undefined) return error;
  return new MigrationError(error.code, error.message, { file, at, hint: error.hint, cause: error.cause });
}

interface Directory {
  readonly sheets: ReadonlyMap<string, string>;
  readonly strings: string | undefined;
}

interface Relationship {
  readonly id: string;
  /** Last step of the type URI: `worksheet`, `sharedStrings`; the same in the strict and the transitional dialect. */
  readonly kind: string;
  readonly part: string;
}

async function readDirectory(file: string, archive: Archive, signal: AbortSignal): Promise<Directory> {
  const small = new SmallParts(file, archive, signal);
  const roots = await small.relationships('');
  const book = roots.find(({ kind }) => kind === 'officeDocument')?.part ?? 'xl/workbook.xml';
  if (!archive.has(book)) {
    throw new MigrationError('workbook-malformed', 'The file is an archive, but no Excel workbook.', { file });
  }
  const related = await small.relationships(book);
  const sheets = new Map<string, string>();
  await small.parse(book, (name, attributes) => {
    if (name !== 'sheet') return;
    const id = Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1];
    const target = related.find((relationship) => relationship.id === id && relationship.kind === 'worksheet');
    const title = attributes['name'];
    if (target !== undefined && title !== undefined && !sheets.has(title)) sheets.set(title, target.part);
  });
  return { sheets, strings: related.find(({ kind }) => kind === 'sharedStrings')?.part };
}

/** The parts that are read whole, with a general parser. */
class SmallParts {
  readonly #file: string;
  readonly #archive: Archive;
  readonly #signal: AbortSignal;

  constructor(file: string, archive: Archive, signal: AbortSignal) {
    this.#file = file;
    this.#archive = archive;
    this.#signal = signal;
  }

  /** Relationships of a part; of the package itself for the empty name. */
  async relationships(part: string): Promise<readonly Relationship[]> {
    const folder = path.dirname(part);
    const list = path.join(folder, '_rels', `${path.basename(part)}.rels`);
    if (!this.#archive.has(list)) return [];
    const found: Relationship[] = [];
    await this.parse(list, (name, { Id: id, Type: type, Target: target, TargetMode: mode }) => {
      if (name !== 'Relationship' || id === undefined || type === undefined || target === undefined || mode === 'External')
        return;
      const resolved = target.startsWith('/') ? target.slice(1) : path.join(folder, target);
      found.push({ id, kind: type.slice(type.lastIndexOf('/') + 1), part: resolved });
    });
    return found;
  }

  async parse(part: string, onTag: (name: string, attributes: Attributes) => void): Promise<void> {
    const parser = new PartParser({ open: onTag, close: ignore, text: ignore });
    let size = 0;
    try {
      for await (const chunk of this.#archive.read(part, this.#signal)) {
        size += chunk.length;
        if (size > MAX_WORKBOOK_XML) {
          throw new MigrationError('workbook-too-large', 'The list of sheets is too long.', { file: this.#file, at: part });
        }
        parser.push(chunk);
      }
      parser.end();
    } catch (error) {
      throw placed(error, this.#file, part);
    }
  }
}

function ignore(): void {}
