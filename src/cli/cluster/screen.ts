/** Lines on a terminal that are drawn again in place. */
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** A line that the terminal thinks wider than we do must not break: the next drawing would begin a line too low. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const ERASE_LINE = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

export class Screen implements Disposable {
  readonly #write: (text: string) => void;
  #drawn = 0;
  #last = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
    write(HIDE_CURSOR);
  }

  /** Replaces what was drawn before. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${ERASE_LINE}\n`).join('');
    if (text === this.#last) return;
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A`;
    this.#write(`${NO_WRAP}\r${up}${text}${ERASE_BELOW}${WRAP}`);
    this.#drawn = lines.length;
    this.#last = text;
  }

  [Symbol.dispose](): void {
    this.#write(SHOW_CURSOR);
  }
}
