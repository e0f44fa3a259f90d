/** The little XML that WS-Man speaks: escaped on the way out, read into bounded trees on the way in. */
import { SaxesParser } from 'saxes';
import { MigrationError } from '../../../src/model/errors.ts';

export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** By local name: WS-Man has none of one name in two namespaces. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own characters, without those of its children. */
  readonly text: string;
}

interface Growing extends XmlElement {
  readonly children: Growing[];
  text: string;
}

/** A fault nests about eight deep; an answer has one element a piece of output. */
const DEPTH = 32;
const ELEMENTS = 20_000;

/** @throws MigrationError `source-answer-broken` */
export function parseXml(text: string, host: string): XmlElement {
  const broken = (what: string): MigrationError => new MigrationError('source-answer-broken', `The answer of ${host} ${what}`);
  const parser = new SaxesParser({ xmlns: true });
  const open: Growing[] = [];
  let root: Growing | undefined;
  let count = 0;
  parser.on('doctype', () => {
    throw broken('brings definitions of its own');
  });
  parser.on('error', () => {
    throw broken('is no XML');
  });
  parser.on('opentag', ({ uri, local, attributes }) => {
    count += 1;
    if (open.length === DEPTH || count > ELEMENTS) throw broken('is nested deeper, or has more parts, than any');
    const element: Growing = {
      namespace: uri,
      name: local,
      attributes: new Map(Object.values(attributes).map((attribute) => [attribute.local, attribute.value])),
      children: [],
      text: '',
    };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  const take = (characters: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += characters;
  };
  parser.on('text', take);
  parser.on('cdata', take);
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(text).close();
  if (root === undefined) throw broken('is empty');
  return root;
}

/** The first of this name below `element`, at any depth, in any namespace. */
export function find(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) {
    const found = child.name === name ? child : find(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** For text and attributes. @throws Error for characters that XML 1.0 has no form for */
export function escapeXml(text: string): string {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const fine = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code < 0xd800) || (code >= 0xe000 && code < 0xfffe);
    if (!fine && code < 0x10000) throw new Error(`U+${code.toString(16)} cannot be put into XML`);
  }
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '').replaceAll('\r', '&#13;');
}
