/** What stands on a screen in VGA's text mode, read from the memory of the card: for guests that say nothing on their serial port. Pure. */

/** Where the text of the colour modes is, for BIOS and kernels (IBM VGA; Linux' vgacon scrolls through all of it). */
export const TEXT_MEMORY = { address: 0xb8000, size: 32_768 } as const;
/** Pixels that a screen of 80 columns is wide; graphics are not. */
export const TEXT_WIDTH = 720;
const COLUMNS = 80;

/** Lines from the top of the memory on, blanks at their ends removed: what scrolled off the screen may stand before what is on it. */
export function screenText(memory: Buffer): string {
  const rows: string[] = [];
  for (let at = 0; at + COLUMNS * 2 <= memory.length; at += COLUMNS * 2) {
    let row = '';
    for (let column = 0; column < COLUMNS; column += 1) {
      const code = memory[at + column * 2] ?? 0;
      row += code > 0x20 && code < 0x7f ? String.fromCharCode(code) : ' ';
    }
    rows.push(row.trimEnd());
  }
  return rows.join('\n').trimEnd();
}
