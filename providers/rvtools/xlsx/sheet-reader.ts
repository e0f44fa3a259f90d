/** A worksheet part (ECMA-376 §18.3.1) → rows of the wanted columns. */
import { MigrationError } from '../../../src/model/errors.ts';
import { MAX_COLUMNS, MAX_ROWS, MAX_TOKEN } from '../limits.ts';
import type { Cell } from '../workbook.ts';
import { type Attributes, type PartListener, PartParser, unescapeExcel } from './part-parser.ts';

export class SheetReader implements PartListener {
  /** `</sheetData>` was seen: what follows is of no interest. */
  done = false;

  readonly #parser = new PartParser(this);
  readonly #text: (index: number) => string | undefined;
  /** Place in the row by column; undefined takes every column. */
  readonly #slots: ReadonlyMap<number, number> | undefined;
  #finished: Cell[][] = [];
  #rows = 0;
  #row: Cell[] = [];
  #filled = false;
  #column = -1;
  #slot = -1;
  #type: CellType = 'number';
  #value = '';
  #inText = false;
  #phonetic = false;

  /** `text` looks up a shared string. */
  constructor(text: (index: number) => string | undefined, columns?: readonly number[]) {
    this.#text = text;
    this.#slots = columns && new Map(columns.map((column, slot) => [column, slot]));
  }

  /** Rows that the chunk completes, without empty ones. */
  push(chunk: Buffer): Cell[][] {
    if (!this.done) this.#parser.push(chunk);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  open(name: string, attributes: Attributes): void {
    if (name === 'c') this.#openCell(attributes);
    else if (name === 'v') this.#inText = this.#slot >= 0;
    else if (name === 't') this.#inText = this.#slot >= 0 && !this.#phonetic;
    else if (name === 'rPh') this.#phonetic = true;
    else if (name === 'row') {
      this.#row = this.#slots === undefined ? [] : new Array<Cell>(this.#slots.size).fill(undefined);
      this.#filled = false;
      this.#column = -1;
    }
  }

  close(name: string): void {
    if (name === 'c') this.#closeCell();
    else if (name === 'v' || name === 't') this.#inText = false;
    else if (name === 'rPh') this.#phonetic = false;
    else if (name === 'row') this.#closeRow();
    else if (name === 'sheetData') this.done = true;
  }

  text(text: string): void {
    if (!this.#inText) return;
    this.#value += text;
    if (this.#value.length > MAX_TOKEN)
      throw new MigrationError('workbook-malformed', 'A cell holds more text than Excel allows.');
  }

  #openCell({ r: reference, t: type }: Attributes): void {
    this.#column = reference === undefined ? this.#column + 1 : columnOf(reference);
    if (!(this.#column < MAX_COLUMNS)) throw new MigrationError('workbook-malformed', 'A cell lies outside of any worksheet.');
    this.#slot = this.#slots === undefined ? this.#column : (this.#slots.get(this.#column) ?? -1);
    this.#value = '';
    this.#type = type === undefined ? 'number' : (TYPES.get(type) ?? 'text');
  }

  #closeCell(): void {
    if (this.#slot >= 0) {
      const cell = this.#decode();
      if (cell !== undefined) {
        this.#row[this.#slot] = cell;
        this.#filled = true;
      }
    }
    this.#slot = -1;
  }

  #closeRow(): void {
    this.#rows += 1;
    if (this.#rows > MAX_ROWS) throw new MigrationError('workbook-too-large', `A sheet holds more than ${MAX_ROWS} rows.`);
    if (this.#filled) this.#finished.push(this.#row);
    this.#filled = false;
  }

  #decode(): Cell {
    const value = this.#value;
    if (value === '' || this.#type === 'error') return undefined;
    if (this.#type === 'shared') return this.#text(Number(value)) || undefined;
    if (this.#type === 'boolean') return value === '1' || value === 'true';
    if (this.#type === 'text') return unescapeExcel(value);
    const number = Number(value);
    return Number.isFinite(number) ? number : value;
  }
}

/** What `t` of a cell says (ECMA-376 §18.18.11): number is the default; `str`, `inlineStr` and dates are texts. */
type CellType = 'number' | 'shared' | 'boolean' | 'error' | 'text';

const TYPES: ReadonlyMap<string, CellType> = new Map([
  ['n', 'number'],
  ['s', 'shared'],
  ['b', 'boolean'],
  ['e', 'error'],
]);

/** `AB12` → 27. Above every limit when it is no reference. */
function columnOf(reference: string): number {
  const letters = /^[A-Za-z]{1,4}/.exec(reference)?.[0] ?? '';
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 0x40;
  return column === 0 ? MAX_COLUMNS : column - 1;
}
