/** A worksheet part (ECMA-376 §18.3.1) → rows of the wanted columns. */
import { MigrationError } from '../../../src/model/errors.ts';
import { MAX_COLUMNS, MAX_ROWS, MAX_TOKEN } from '../limits.ts';
import type { Cell } from '../workbook.ts';
import { findValue, type TagBytes, unescapeExcel, type XmlListener, XmlScanner } from './xml-scanner.ts';

export class SheetReader implements XmlListener {
  wantsText = false;
  /** `</sheetData>` was seen: what follows is of no interest. */
  done = false;

  readonly #scanner = new XmlScanner(this);
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
  #phonetic = false;

  /** `text` looks up a shared string. */
  constructor(text: (index: number) => string | undefined, columns?: readonly number[]) {
    this.#text = text;
    this.#slots = columns && new Map(columns.map((column, slot) => [column, slot]));
  }

  /** Rows that the chunk completes, without empty ones. */
  push(chunk: Buffer): Cell[][] {
    if (!this.done) this.#scanner.push(chunk);
    const rows = this.#finished;
    this.#finished = [];
    return rows;
  }

  open(name: string, tag: TagBytes): void {
    if (name === 'c') this.#openCell(tag);
    else if (name === 'v') this.wantsText = this.#slot >= 0;
    else if (name === 't') this.wantsText = this.#slot >= 0 && !this.#phonetic;
    else if (name === 'rPh') this.#phonetic = true;
    else if (name === 'row') {
      this.#row = this.#slots === undefined ? [] : new Array<Cell>(this.#slots.size).fill(undefined);
      this.#filled = false;
      this.#column = -1;
    }
  }

  close(name: string): void {
    if (name === 'c') this.#closeCell();
    else if (name === 'v' || name === 't') this.wantsText = false;
    else if (name === 'rPh') this.#phonetic = false;
    else if (name === 'row') this.#closeRow();
    else if (name === 'sheetData') this.done = true;
  }

  text(text: string): void {
    this.#value += text;
    if (this.#value.length > MAX_TOKEN)
      throw new MigrationError('workbook-malformed', 'A cell holds more text than Excel allows.');
  }

  #openCell(tag: TagBytes): void {
    const at = findValue(tag, LETTER_R);
    this.#column = at < 0 ? this.#column + 1 : columnAt(tag.buffer, at);
    if (!(this.#column < MAX_COLUMNS)) throw new MigrationError('workbook-malformed', 'A cell lies outside of any worksheet.');
    this.#slot = this.#slots === undefined ? this.#column : (this.#slots.get(this.#column) ?? -1);
    this.#value = '';
    if (this.#slot >= 0) this.#type = typeAt(tag.buffer, findValue(tag, LETTER_T));
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

const TYPES: readonly (readonly [string, CellType])[] = [
  ['n', 'number'],
  ['s', 'shared'],
  ['b', 'boolean'],
  ['e', 'error'],
];
const TYPE_BY_BYTE = new Map(TYPES.map(([letter, type]) => [letter.charCodeAt(0), type]));

const LETTER_R = 0x72;
const LETTER_T = 0x74;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;

function typeAt(buffer: Buffer, at: number): CellType {
  if (at < 0) return 'number';
  const next = buffer[at + 1];
  if (next !== DOUBLE_QUOTE && next !== SINGLE_QUOTE) return 'text';
  return TYPE_BY_BYTE.get(buffer[at] ?? 0) ?? 'text';
}

/** `AB12` → 27. Above every limit when it is no reference. */
function columnAt(buffer: Buffer, start: number): number {
  let column = 0;
  for (let at = start; at < start + 4; at += 1) {
    const letter = (buffer[at] ?? 0) & 0xdf;
    if (letter < 0x41 || letter > 0x5a) break;
    column = column * 26 + letter - 0x40;
  }
  return column === 0 ? MAX_COLUMNS : column - 1;
}
