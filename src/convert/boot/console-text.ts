/** What a guest writes to its serial port, as text to be looked through: bounded, without control sequences. */

/** Characters that are kept: the end. */
const KEPT = 65_536;

const ESCAPE = String.fromCharCode(27);
/** Stands for the escape character while the sequences are looked for; a guest has no reason to write it. */
const MARK = '\u241b';
/** A cursor put to the start of a row begins a line: firmware paints its screen so. */
const ROW = /\u241b\[\d*;0*1?H/g;
/** Cursor movements and colours (ECMA-48 CSI), and escapes of few characters. */
const SEQUENCES = /\u241b(?:\[[0-?]*[ -/]*[@-~]|[ -/]*[0-~])?/g;
const CONTROLS = /[\p{Cc}--[\n\t]]/gv;

export class ConsoleText {
  #raw = '';
  #clean: string | undefined = '';

  add(chunk: string): void {
    this.#raw = (this.#raw + chunk).slice(-KEPT);
    this.#clean = undefined;
  }

  /** The text as a person would read it; at most 64 Ki characters, the last ones. */
  text(): string {
    this.#clean ??= readable(this.#raw);
    return this.#clean;
  }
}

function readable(raw: string): string {
  return raw
    .replaceAll(ESCAPE, MARK)
    .replaceAll(ROW, '\n')
    .replaceAll(SEQUENCES, '')
    .replaceAll(CONTROLS, '')
    .replaceAll(/\n{3,}/g, '\n\n');
}
