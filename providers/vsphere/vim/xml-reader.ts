/** Reads answers of the vSphere API piece by piece. Bounded in depth and size; no DTD, no entities beyond XML's own. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { XmlName } from './byte-strings.ts';
import { VimNode } from './node.ts';
import { type XmlAttribute, XmlScanner } from './xml-scanner.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** vSphere nests task errors and snapshot trees; nothing comes near this. */
const MAX_DEPTH = 256;
/** Of what is held at once: one object of a stream, or the rest of an answer. */
const MAX_NODES = 2_000_000;
const MAX_TEXT = 256 * 1024 * 1024;

export interface Emit {
  /** Name of the element that is handed out as soon as it is complete, and then forgotten. */
  readonly element: string;
  /** Depth of that element: 1 is the envelope, 4 is `returnval`. */
  readonly depth: number;
}

export class XmlReader {
  readonly #scanner = new XmlScanner({
    open: (name, attributes) => this.#open(name, attributes),
    text: (text) => this.#append(text),
    close: () => this.#close(),
    fail: (why) => {
      throw malformed(why);
    },
  });
  readonly #stack: VimNode[] = [];
  /** Prefixes that mean XML Schema instance, with the depth that declared them; vcsim declares its own on every element. */
  readonly #prefixes: { readonly prefix: string; readonly depth: number; readonly xsi: boolean }[] = [];
  readonly #emit: Emit | undefined;
  #ready: VimNode[] = [];
  #root: VimNode | undefined;
  #nodes = 0;
  #text = 0;

  constructor(emit?: Emit) {
    this.#emit = emit;
  }

  /** Takes the next piece and hands out the elements that it completes. @throws MigrationError `source-answer-broken` */
  write(piece: Uint8Array): readonly VimNode[] {
    this.#scanner.write(piece);
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** Ends the document: its envelope without what was handed out. @throws MigrationError `source-answer-broken` when it is cut off */
  end(): VimNode {
    this.#scanner.end();
    if (this.#root === undefined) throw malformed('it is empty');
    return this.#root;
  }

  #open(name: XmlName, attributes: readonly XmlAttribute[]): void {
    const depth = this.#stack.length + 1;
    if (depth > MAX_DEPTH || ++this.#nodes > MAX_NODES) throw malformed('it is nested deeper or larger than any vSphere writes');
    let type: string | undefined;
    let refType: string | undefined;
    let nil = false;
    // A prefix may be declared behind its use.
    for (const { name, value } of attributes) {
      if (name.prefix === 'xmlns') this.#prefixes.push({ prefix: name.local, depth, xsi: value === XSI });
    }
    for (const { name, value } of attributes) {
      if (name.raw === 'type') refType = value;
      else if (name.local === 'type' && this.#isXsi(name.prefix)) type = local(value);
      else if (name.local === 'nil' && this.#isXsi(name.prefix)) nil = value === 'true' || value === '1';
    }
    const node = new VimNode(name.local, type, refType);
    // A nil element says that there is no value: it is parsed and not kept.
    if (!nil) this.#attach(node, depth);
    this.#stack.push(node);
  }

  #attach(node: VimNode, depth: number): void {
    const parent = this.#stack.at(-1);
    if (parent === undefined) this.#root = node;
    else if (!this.#emits(node, depth)) parent.append(node);
  }

  #emits(node: VimNode, depth: number): boolean {
    return this.#emit !== undefined && depth === this.#emit.depth && node.name === this.#emit.element;
  }

  #append(text: string): void {
    const node = this.#stack.at(-1);
    if (node === undefined) return;
    this.#text += text.length;
    if (this.#text > MAX_TEXT) throw malformed('it is larger than any vSphere writes');
    node.text += text;
  }

  #close(): void {
    const depth = this.#stack.length;
    const node = this.#stack.pop();
    while ((this.#prefixes.at(-1)?.depth ?? 0) >= depth) this.#prefixes.pop();
    if (node === undefined) return;
    // White space between elements is no value.
    if (node.children.length > 0) node.text = '';
    if (this.#emits(node, depth)) {
      this.#ready.push(node);
      this.#nodes = 0;
      this.#text = 0;
    }
  }

  #isXsi(prefix: string): boolean {
    for (let at = this.#prefixes.length - 1; at >= 0; at -= 1) {
      const declared = this.#prefixes[at];
      if (declared?.prefix === prefix) return declared.xsi;
    }
    return false;
  }
}

function local(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(colon + 1);
}

function malformed(why: string): MigrationError {
  return new MigrationError('source-answer-broken', `The answer of the vSphere server cannot be read: ${why}`);
}

/** Reads a whole document. @throws MigrationError `source-answer-broken` */
export function parseXml(text: string): VimNode {
  const reader = new XmlReader();
  reader.write(Buffer.from(text));
  return reader.end();
}
