/**
 * Splits XML into tags and text as its bytes arrive: XML 1.0 as SOAP allows it, checked strictly. UTF-8, no DTD, no entities beyond XML's own.
 * An inventory is a hundred megabytes of small elements: names and short values are looked up by their bytes, and no string is a slice that
 * would keep a piece of the answer in memory. Namespaces are the reader's.
 */
import { Names, startsWith, Values, type XmlName } from './byte-strings.ts';
import { PIECE, Utf8Window } from './utf8-window.ts';
import {
  BANG,
  blankEnd,
  CLOSING,
  DASH,
  DOUBLE_QUOTE,
  END,
  EQUALS,
  GREATER,
  IN_APOSTROPHES,
  IN_QUOTES,
  IN_TEXT,
  LESS,
  literalEnd,
  QUESTION,
  SINGLE_QUOTE,
  SLASH,
  textEnd,
} from './xml-bytes.ts';
import { isXmlDeclaration, readLiteral, readText, readValue } from './xml-text.ts';

export interface XmlAttribute {
  readonly name: XmlName;
  readonly value: string;
}

export interface XmlHandler {
  readonly open: (name: XmlName, attributes: readonly XmlAttribute[]) => void;
  /** Text inside the root element; it may come in several pieces. */
  readonly text: (text: string) => void;
  readonly close: () => void;
  /** The document is malformed; throws. */
  readonly fail: (why: string) => never;
}

const MAX_ATTRIBUTES = 256;
const NO_ATTRIBUTES: readonly XmlAttribute[] = [];
const CDATA = '<![CDATA[';

/** What is read without markup, and what ends it. `--` ends a comment or breaks it. */
const LITERALS = {
  cdata: { mark: ']]>', length: 3, last: CLOSING },
  comment: { mark: '--', length: 3, last: DASH },
  instruction: { mark: '?>', length: 2, last: QUESTION },
} as const;

type Literal = keyof typeof LITERALS;

export class XmlScanner {
  readonly #handler: XmlHandler;
  readonly #names = new Names();
  readonly #values = new Values();
  readonly #window = new Utf8Window();
  readonly #bytes = this.#window.bytes;
  readonly #open: XmlName[] = [];
  #literal: Literal | undefined;
  #position: 'start' | 'prolog' | 'root' | 'epilog' = 'start';

  constructor(handler: XmlHandler) {
    this.#handler = handler;
  }

  write(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at += PIECE) this.#take(piece.subarray(at, at + PIECE));
  }

  /** The document is over, and must be complete. */
  end(): void {
    const isTorn = !this.#window.isEmpty || this.#literal !== undefined;
    if (isTorn || this.#position === 'root') this.#handler.fail('it is cut off');
    if (this.#position !== 'epilog') this.#handler.fail('it is empty');
  }

  #take(piece: Uint8Array): void {
    const end = this.#window.add(piece);
    if (end === undefined) this.#handler.fail('it is no UTF-8');
    if (!this.#window.hold(this.#scan(end), end)) this.#handler.fail('a tag is longer than any that vSphere writes');
  }

  /** Takes all that is complete; returns where that ends. */
  #scan(end: number): number {
    let at = this.#position === 'start' ? this.#start(end) : 0;
    while (at < end && this.#position !== 'start') {
      const next = this.#next(at, end);
      // What is not complete is not touched.
      if (next === at) break;
      at = next;
    }
    return at;
  }

  /** Byte order mark and XML declaration. */
  #start(end: number): number {
    const bytes = this.#bytes;
    const at = bytes.toString('utf8', 0, Math.min(3, end)) === '\uFEFF' ? 3 : 0;
    const head = bytes.toString('latin1', at, Math.min(at + 6, end));
    if ('<?xml'.startsWith(head)) return 0;
    if (/^<\?xml[\t\n\r ]/.test(head)) {
      const close = bytes.subarray(0, end).indexOf('?>', at);
      if (close < 0) return 0;
      if (!isXmlDeclaration(bytes.toString('utf8', at + 5, close))) this.#handler.fail('its XML declaration is malformed');
      this.#position = 'prolog';
      return close + 2;
    }
    this.#position = 'prolog';
    return at;
  }

  #next(at: number, end: number): number {
    if (this.#literal !== undefined) return this.#literally(this.#literal, at, end);
    if (this.#bytes[at] !== LESS) return this.#position === 'root' ? this.#text(at, end) : this.#between(at);
    switch (this.#bytes[at + 1]) {
      case SLASH:
        return this.#closeTag(at, end);
      case BANG:
        return this.#section(at, end);
      case QUESTION:
        return this.#instruction(at, end);
      default:
        return this.#openTag(at, end);
    }
  }

  #openTag(start: number, end: number): number {
    const bytes = this.#bytes;
    let at = this.#names.end(bytes, start + 1);
    if (at === end) return start;
    const name = this.#name(start + 1, at);
    let attributes: XmlAttribute[] | undefined;
    for (;;) {
      const gap = at;
      at = blankEnd(bytes, at);
      if (at === end) return start;
      if (bytes[at] === GREATER || bytes[at] === SLASH) break;
      if (at === gap) this.#handler.fail(`the tag ${name.raw} is malformed`);
      attributes ??= [];
      at = this.#attribute(at, end, attributes);
      if (at === end) return start;
    }
    const isEmpty = bytes[at] === SLASH;
    if (isEmpty) {
      at += 1;
      if (at === end) return start;
      if (bytes[at] !== GREATER) this.#handler.fail(`the tag ${name.raw} is malformed`);
    }
    if (this.#position === 'epilog') this.#handler.fail('it has more than one root');
    this.#position = 'root';
    this.#open.push(name);
    this.#handler.open(name, attributes ?? NO_ATTRIBUTES);
    if (isEmpty) this.#closed();
    return at + 1;
  }

  #closeTag(start: number, end: number): number {
    const open = this.#open.at(-1);
    if (open === undefined) return this.#handler.fail('it closes what is not open');
    const after = start + 2 + open.bytes.length;
    // As it nearly always is. Nothing goes on behind the last byte.
    if (this.#bytes[after] === GREATER && startsWith(this.#bytes, start + 2, open.bytes)) {
      this.#closed();
      return after + 1;
    }
    const nameEnd = this.#names.end(this.#bytes, start + 2);
    if (nameEnd === end) return start;
    const at = blankEnd(this.#bytes, nameEnd);
    if (at === end) return start;
    const name = this.#name(start + 2, nameEnd);
    if (this.#bytes[at] !== GREATER || open.raw !== name.raw) {
      this.#handler.fail(`</${name.raw}> closes what is not open`);
    }
    this.#closed();
    return at + 1;
  }

  #closed(): void {
    this.#open.pop();
    if (this.#open.length === 0) this.#position = 'epilog';
    this.#handler.close();
  }

  /** Adds the attribute that begins here and returns where it ends; `end` when it is not complete, for something always follows. */
  #attribute(start: number, end: number, attributes: XmlAttribute[]): number {
    const bytes = this.#bytes;
    const nameEnd = this.#names.end(bytes, start);
    if (nameEnd === end) return end;
    const name = this.#name(start, nameEnd);
    let at = blankEnd(bytes, nameEnd);
    if (at < end && bytes[at] !== EQUALS) this.#handler.fail(`the attribute ${name.raw} has no value`);
    at = blankEnd(bytes, at + 1);
    if (at >= end) return end;
    const quote = bytes[at];
    if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) this.#handler.fail(`the attribute ${name.raw} has no quotes`);
    const from = at + 1;
    at = this.#values.end(bytes, from, quote === DOUBLE_QUOTE ? IN_QUOTES : IN_APOSTROPHES);
    if (at === end) return end;
    const value = this.#values.take(bytes, from, at) ?? readValue(bytes.toString('utf8', from, at));
    if (bytes[at] !== quote || value === undefined) this.#handler.fail(`the attribute ${name.raw} is malformed`);
    if (attributes.length >= MAX_ATTRIBUTES || attributes.some((other) => other.name.raw === name.raw)) {
      this.#handler.fail(`the attribute ${name.raw} is written twice, or one of too many`);
    }
    attributes.push({ name, value });
    return at + 1;
  }

  #text(start: number, end: number): number {
    const bytes = this.#bytes;
    const at = this.#values.end(bytes, start, IN_TEXT);
    if (at < end && bytes[at] === END) this.#handler.fail('it holds characters that XML forbids');
    const plain = this.#values.take(bytes, start, at);
    if (plain !== undefined) {
      this.#handler.text(plain);
      return at;
    }
    const to = at === end ? textEnd(bytes, start, end) : at;
    if (to === start) return start;
    const text = readText(bytes.toString('utf8', start, to));
    if (text === undefined) this.#handler.fail('it holds text that is malformed');
    this.#handler.text(text);
    return to;
  }

  /** White space around the root. */
  #between(at: number): number {
    const next = blankEnd(this.#bytes, at);
    if (next === at) this.#handler.fail('it holds text outside of its root');
    return next;
  }

  /** What begins with `<!`. */
  #section(at: number, end: number): number {
    const head = this.#bytes.toString('latin1', at, Math.min(at + CDATA.length, end));
    if (head.startsWith('<!--')) {
      this.#literal = 'comment';
      return at + 4;
    }
    if (head === CDATA && this.#position === 'root') {
      this.#literal = 'cdata';
      return at + CDATA.length;
    }
    if (head !== CDATA && ('<!--'.startsWith(head) || CDATA.startsWith(head))) return at;
    return this.#handler.fail(head.startsWith('<!D') ? 'it holds a DTD' : 'it holds markup that is no XML');
  }

  #instruction(start: number, end: number): number {
    const at = this.#names.end(this.#bytes, start + 2);
    if (at === end) return start;
    const isOver = this.#bytes[at] === QUESTION;
    if (isOver && at + 1 === end) return start;
    const isName = this.#name(start + 2, at).raw.toLowerCase() !== 'xml';
    if (!isName || (isOver ? this.#bytes[at + 1] !== GREATER : blankEnd(this.#bytes, at) === at)) {
      this.#handler.fail('it holds a processing instruction that is malformed');
    }
    this.#literal = 'instruction';
    return at;
  }

  #literally(literal: Literal, at: number, end: number): number {
    const { mark, length, last } = LITERALS[literal];
    const inside = this.#bytes.subarray(at, end);
    const found = inside.indexOf(mark);
    if (found === 0) {
      if (at + length > end) return at;
      if (this.#bytes[at + length - 1] !== GREATER) this.#handler.fail('it holds a comment with --');
      this.#literal = undefined;
      return at + length;
    }
    const to = found < 0 ? literalEnd(this.#bytes, { start: at, end, last }) : at + found;
    if (to === at) return at;
    const text = readLiteral(this.#bytes.toString('utf8', at, to));
    if (text === undefined) this.#handler.fail('it holds characters that XML forbids');
    if (literal === 'cdata') this.#handler.text(text);
    return to;
  }

  /** The name that was just gone over. */
  #name(start: number, end: number): XmlName {
    return this.#names.take(this.#bytes, start, end) ?? this.#handler.fail('it holds a name that is malformed');
  }
}
