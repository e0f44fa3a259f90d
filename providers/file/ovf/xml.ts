/**
 * XML text → a small read-only element tree with resolved namespaces. Bounded: no DTD, no entities of the file's own,
 * limited depth and number of elements. Every element knows its line and column for error messages.
 */
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { type ErrorPlace, MigrationError } from '../../../src/model/errors.ts';
import { ASSUMED_PREFIXES, type Vocabulary, vocabularyOf } from './namespaces.ts';

/** Deepest nesting accepted. Exporters stay below 20. */
const MAX_DEPTH = 64;
/** Most elements accepted. A vApp of 100 VMs has about 20,000. */
const MAX_ELEMENTS = 200_000;
/** Most attributes accepted over the whole file. */
const MAX_ATTRIBUTES = 400_000;

export interface XmlAttribute {
  /** Local name. */
  readonly name: string;
  readonly vocabulary: Vocabulary;
  readonly value: string;
}

export interface XmlElement {
  /** Local name. */
  readonly name: string;
  readonly prefix: string;
  readonly namespace: string;
  readonly vocabulary: Vocabulary;
  /** Without namespace declarations. */
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** Character data directly inside, trimmed. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly document: XmlDocument;
}

/** Where the text came from, for messages. */
export interface XmlDocument {
  readonly file: string;
  /** Name of the archive member, when the file is an archive. */
  readonly member?: string;
}

export interface ParsedXml {
  readonly root: XmlElement;
  /** First comment of the file, where VMware's tools sign. */
  readonly comment?: string;
}

interface OpenElement extends Omit<XmlElement, 'children' | 'text'> {
  readonly children: XmlElement[];
  text: string;
}

/**
 * Parses a whole document.
 * @throws MigrationError `xml-malformed`, `xml-dtd-refused`, `xml-too-complex`, with line and column
 */
export function parseXml(text: string, document: XmlDocument): ParsedXml {
  const parser = new SaxesParser({ xmlns: true, additionalNamespaces: { ...ASSUMED_PREFIXES } });
  const here = (): ErrorPlace => placeAt(document, parser.line, parser.column);
  const open: OpenElement[] = [];
  let root: XmlElement | undefined;
  let comment: string | undefined;
  let elements = 0;
  let attributes = 0;

  parser.on('error', (error) => {
    throw new MigrationError('xml-malformed', `The descriptor is not well-formed XML: ${withoutPosition(error.message)}`, here());
  });
  parser.on('doctype', () => {
    throw new MigrationError('xml-dtd-refused', 'The descriptor has a document type definition', here());
  });
  parser.on('comment', (value) => {
    comment ??= value.trim();
  });
  parser.on('opentag', (tag) => {
    const element = openElement(tag, document, parser);
    elements += 1;
    attributes += element.attributes.length;
    if (open.length >= MAX_DEPTH) throw tooComplex(`more than ${MAX_DEPTH} levels of elements`, here());
    if (elements > MAX_ELEMENTS) throw tooComplex(`more than ${MAX_ELEMENTS} elements`, here());
    if (attributes > MAX_ATTRIBUTES) throw tooComplex(`more than ${MAX_ATTRIBUTES} attributes`, here());
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('closetag', () => {
    const element = open.pop();
    if (element !== undefined) element.text = element.text.trim();
  });
  const addText = (value: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += value;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.write(text).close();
  if (root === undefined) throw new MigrationError('xml-malformed', 'The descriptor holds no element', here());
  return { root, ...(comment === undefined ? {} : { comment }) };
}

function openElement(tag: SaxesTagNS, document: XmlDocument, position: { line: number; column: number }): OpenElement {
  return {
    name: tag.local,
    prefix: tag.prefix,
    namespace: tag.uri,
    vocabulary: vocabularyOf(tag.uri),
    attributes: Object.values(tag.attributes).filter(isData).map(toAttribute),
    children: [],
    text: '',
    line: position.line,
    column: position.column,
    document,
  };
}

function isData(attribute: SaxesAttributeNS): boolean {
  return attribute.prefix !== 'xmlns' && attribute.name !== 'xmlns';
}

function toAttribute(attribute: SaxesAttributeNS): XmlAttribute {
  return { name: attribute.local, vocabulary: vocabularyOf(attribute.uri), value: attribute.value };
}

function tooComplex(what: string, place: ErrorPlace): MigrationError {
  return new MigrationError('xml-too-complex', `The descriptor has ${what}`, place);
}

/** saxes writes `12:3: sentence.`; the position goes into the error's place instead. */
function withoutPosition(message: string): string {
  return message.replace(/^(?:.*?:)?\d+:\d+: /, '').replace(/\.$/, '');
}

function placeAt(document: XmlDocument, line: number, column: number): ErrorPlace {
  const position = `line ${line}, column ${column}`;
  return { file: document.file, at: document.member === undefined ? position : `member ${document.member}, ${position}` };
}

/** The element's place for an error. */
export function placeOf(element: XmlElement): ErrorPlace {
  return placeAt(element.document, element.line, element.column);
}

/** An `ovf-malformed` error at the element. */
export function malformed(element: XmlElement, message: string): MigrationError {
  return new MigrationError('ovf-malformed', message, placeOf(element));
}

/** Attribute by local name: of the given vocabulary, else without namespace. */
export function attribute(element: XmlElement, name: string, vocabulary: Vocabulary = 'ovf'): string | undefined {
  let plain: string | undefined;
  for (const candidate of element.attributes) {
    if (candidate.name !== name) continue;
    if (candidate.vocabulary === vocabulary) return candidate.value;
    if (candidate.vocabulary === 'none') plain = candidate.value;
  }
  return plain;
}

/** Children by local name, of the given vocabulary or without namespace, in document order. */
export function childrenOf(element: XmlElement, name: string, vocabulary: Vocabulary = 'ovf'): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name && isOf(child, vocabulary));
}

/** First such child. */
export function childOf(element: XmlElement, name: string, vocabulary: Vocabulary = 'ovf'): XmlElement | undefined {
  return element.children.find((child) => child.name === name && isOf(child, vocabulary));
}

/** Text of the first such child; undefined when there is none or it is empty. */
export function textOf(element: XmlElement, name: string, vocabulary: Vocabulary = 'ovf'): string | undefined {
  return childOf(element, name, vocabulary)?.text || undefined;
}

function isOf(element: XmlElement, vocabulary: Vocabulary): boolean {
  return element.vocabulary === vocabulary || element.vocabulary === 'none';
}
