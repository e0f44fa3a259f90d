/** The shared strings part (ECMA-376 §18.4.9): texts that cells name by number. Formatting and phonetic hints are left out. */
import { MigrationError } from '../../../src/model/errors.ts';
import { MAX_TOKEN } from '../limits.ts';
import { Budget, PagedList } from '../paged-list.ts';
import { type PartListener, PartParser, unescapeExcel } from './part-parser.ts';

export class SharedStrings implements PartListener {
  readonly #parser = new PartParser(this);
  readonly #strings = new PagedList<string>(new Budget(), 512);
  #value = '';
  #inText = false;
  #phonetic = false;

  push(chunk: Buffer): void {
    this.#parser.push(chunk);
  }

  get(index: number): string | undefined {
    return this.#strings.get(index);
  }

  open(name: string): void {
    if (name === 't') this.#inText = !this.#phonetic;
    else if (name === 'rPh') this.#phonetic = true;
    else if (name === 'si') this.#value = '';
  }

  close(name: string): void {
    if (name === 't') this.#inText = false;
    else if (name === 'rPh') this.#phonetic = false;
    else if (name === 'si') this.#strings.push(unescapeExcel(this.#value));
  }

  text(text: string): void {
    if (!this.#inText) return;
    this.#value += text;
    if (this.#value.length > MAX_TOKEN) throw new MigrationError('workbook-malformed', 'A text is longer than Excel allows.');
  }
}
