/** Bytes of XML in UTF-8: what each means, so that a scanner looks at none twice. */

const [TAB, LF, CR, SPACE, AMPERSAND, SEMICOLON] = [0x09, 0x0a, 0x0d, 0x20, 0x26, 0x3b] as const;
export const [BANG, DOUBLE_QUOTE, SINGLE_QUOTE, DASH, SLASH] = [0x21, 0x22, 0x27, 0x2d, 0x2f] as const;
export const [LESS, EQUALS, GREATER, QUESTION, CLOSING] = [0x3c, 0x3d, 0x3e, 0x3f, 0x5d] as const;
/** Written behind the last byte, where every loop ends; it occurs nowhere in XML. */
export const END = 0x00;

/** Kinds of bytes: those that stand for themselves, those that need a second look, and those where a run ends. */
const PLAIN = 0;
export const SPECIAL = 1;
export const STOP = 2;
export const IN_TEXT = kinds([CR, AMPERSAND, CLOSING], [END, LESS]);
export const IN_QUOTES = kinds([TAB, LF, CR, AMPERSAND], [END, LESS, DOUBLE_QUOTE]);
export const IN_APOSTROPHES = kinds([TAB, LF, CR, AMPERSAND], [END, LESS, SINGLE_QUOTE]);
/** 1 for what may be in a name; what may begin it, and which characters beyond ASCII, is looked at once a name. */
export const IN_NAME = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || /[\w:.-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** Table of the kinds of bytes. What is not ASCII and control characters need a second look. */
function kinds(special: readonly number[], stop: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    if (stop.includes(byte)) return STOP;
    const isControl = byte < SPACE && byte !== TAB && byte !== LF;
    return isControl || byte >= 0x80 || special.includes(byte) ? SPECIAL : PLAIN;
  });
}

/** Where white space ends that begins here. */
export function blankEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === SPACE || bytes[at] === LF || bytes[at] === TAB || bytes[at] === CR) at += 1;
  return at;
}

/** Where text that goes on in the next piece can be cut: not in a reference, a line end or what might become `]]>`. */
export function textEnd(bytes: Uint8Array, start: number, end: number): number {
  const run = bytes.subarray(start, end);
  const reference = run.lastIndexOf(AMPERSAND);
  if (reference >= 0 && !run.includes(SEMICOLON, reference)) return start + reference;
  return literalEnd(bytes, { start, end, last: CLOSING });
}

/** Where a piece can be cut so that neither a line end nor a mark, which repeats the byte `last` or ends behind it, is torn. */
export function literalEnd(
  bytes: Uint8Array,
  { start, end, last }: { readonly start: number; readonly end: number; readonly last: number },
): number {
  let to = end;
  while (to > start && end - to < 2 && bytes[to - 1] === last) to -= 1;
  return to === end && bytes[to - 1] === CR ? to - 1 : to;
}
