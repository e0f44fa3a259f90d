/**
 * Tags and texts of an XML stream, over bytes. Worksheets are hundreds of megabytes of tiny tags of which we want few: a general parser
 * takes three times as long, on making strings that nobody looks at. Names are compared without their prefix (Open XML SDK writes `x:row`).
 * It reads XML 1.0 without document types, which no spreadsheet has; nesting is the business of whoever listens.
 */
import { MigrationError } from '../../../src/model/errors.ts';
import { MAX_TOKEN } from '../limits.ts';

/** Where a start tag's bytes are, without `<`, `>` and the slash of an empty one. Valid during the call only. */
export interface TagBytes {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface XmlListener {
  /** A start tag; an empty one (`<c/>`) is followed by `close`. */
  open(name: string, tag: TagBytes): void;
  close(name: string): void;
  /** Text or CDATA; only asked for when `wantsText`. One text may come in several pieces. */
  text(text: string): void;
  readonly wantsText: boolean;
}

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const COLON = 0x3a;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const EQUALS = 0x3d;
const SPACE = 0x20;

export class XmlScanner {
  readonly #listener: XmlListener;
  #rest: Buffer = Buffer.alloc(0);
  #started = false;
  /** Names come from a small set; one string each. */
  readonly #names = new Map<number, string>();

  constructor(listener: XmlListener) {
    this.#listener = listener;
  }

  /** @throws MigrationError `workbook-malformed`, `xml-dtd-refused` */
  push(chunk: Buffer): void {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#started && buffer.length >= 2) this.#start(buffer);
    const used = this.#scan(buffer);
    if (buffer.length - used > MAX_TOKEN) {
      throw new MigrationError('workbook-malformed', 'A part of the workbook holds a tag or text without end.');
    }
    this.#rest = buffer.subarray(used);
  }

  #start(buffer: Buffer): void {
    this.#started = true;
    const mark = buffer.readUInt16BE(0);
    if (mark === 0xfffe || mark === 0xfeff || buffer[0] === 0 || buffer[1] === 0) {
      throw new MigrationError('workbook-malformed', 'A part of the workbook is not UTF-8.');
    }
  }

  /** Returns how many bytes were used; what is left is the start of a token. */
  #scan(buffer: Buffer): number {
    const listener = this.#listener;
    const { length } = buffer;
    let at = 0;
    while (at < length) {
      let tag = at;
      // Texts are short: a loop beats the call of indexOf.
      while (tag < length && buffer[tag] !== LT) tag += 1;
      if (tag === length) return at;
      if (tag > at && listener.wantsText) listener.text(decodeText(buffer, at, tag));
      const kind = buffer[tag + 1];
      if (kind === undefined) return tag;
      let end: number;
      if (kind === BANG) end = this.#declaration(buffer, tag);
      else if (kind === QUESTION) end = after(buffer, '?>', tag);
      else end = tagEnd(buffer, tag);
      if (end < 0) return tag;
      if (kind === SLASH) listener.close(this.#name(buffer, tag + 2, end - 1));
      else if (kind !== BANG && kind !== QUESTION) this.#open(buffer, tag + 1, end - 1);
      at = end;
    }
    return at;
  }

  #open(buffer: Buffer, start: number, end: number): void {
    const empty = buffer[end - 1] === SLASH;
    const stop = empty ? end - 1 : end;
    const name = this.#name(buffer, start, stop);
    this.#listener.open(name, { buffer, start, end: stop });
    if (empty) this.#listener.close(name);
  }

  /** End of a comment or CDATA section, -1 when it is not there yet. */
  #declaration(buffer: Buffer, start: number): number {
    if (buffer.length < start + 9 && buffer.indexOf(GT, start) < 0) return -1;
    if (buffer.toString('latin1', start, start + 4) === '<!--') return after(buffer, '-->', start + 4);
    if (buffer.toString('latin1', start, start + 9) !== '<![CDATA[') {
      throw new MigrationError('xml-dtd-refused', 'A part of the workbook declares a document type.', {
        hint: 'No spreadsheet program writes one: export again.',
      });
    }
    const end = after(buffer, ']]>', start + 9);
    if (end >= 0 && this.#listener.wantsText) this.#listener.text(buffer.toString('utf8', start + 9, end - 3));
    return end;
  }

  /** Local name of the tag whose bytes start at `start`. */
  #name(buffer: Buffer, start: number, end: number): string {
    let from = start;
    let at = start;
    let code = 0;
    for (; at < end; at += 1) {
      const byte = buffer[at] ?? SPACE;
      if (byte <= SPACE) break;
      if (byte === COLON) {
        from = at + 1;
        code = 0;
      } else code = (code << 8) | byte;
    }
    // Up to four bytes, a name is its own number; that covers every tag of a cell.
    if (at - from > 4) return buffer.toString('latin1', from, at);
    let name = this.#names.get(code);
    if (name === undefined) {
      name = buffer.toString('latin1', from, at);
      this.#names.set(code, name);
    }
    return name;
  }
}

function after(buffer: Buffer, mark: string, from: number): number {
  const at = buffer.indexOf(mark, from, 'latin1');
  return at < 0 ? -1 : at + mark.length;
}

/** Offset behind the `>` that ends a tag; `>` inside quotes does not. -1 when it is not there yet. */
function tagEnd(buffer: Buffer, start: number): number {
  let quote = 0;
  const { length } = buffer;
  for (let at = start + 1; at < length; at += 1) {
    const byte = buffer[at];
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === GT) return at + 1;
    else if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) quote = byte;
  }
  return -1;
}

/** Where the value of an attribute with a name of one letter starts (behind its quote), -1 when the tag has none. */
export function findValue({ buffer, start, end }: TagBytes, letter: number): number {
  let quote = 0;
  for (let at = start + 1; at < end; at += 1) {
    const byte = buffer[at];
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) quote = byte;
    else if (byte === letter && (buffer[at - 1] ?? 0) <= SPACE) {
      let next = at + 1;
      while (next < end && ((buffer[next] ?? 0) <= SPACE || buffer[next] === EQUALS)) next += 1;
      if (next > at + 1 && (buffer[next] === DOUBLE_QUOTE || buffer[next] === SINGLE_QUOTE)) return next + 1;
    }
  }
  return -1;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeText(buffer: Buffer, start: number, end: number): string {
  const text = buffer.toString('utf8', start, end);
  if (!text.includes('&')) return text;
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi,
    (whole: string, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(decimal, 10);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** Excel writes characters that XML cannot hold as `_x000D_`. */
export function unescapeExcel(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
