/** The scanner against saxes, which is strict and widely used: the same events for the same documents, whole and in pieces, and the same refusals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { XmlScanner } from '../../../../providers/vsphere/vim/xml-scanner.ts';

type Event = readonly [kind: 'open' | 'text' | 'close', what: string];

/** Collects events with neighbouring texts as one, for pieces may cut them anywhere. */
class Events {
  readonly list: Event[] = [];
  #text = '';

  add(kind: 'open' | 'close', what: string): void {
    this.#flush();
    this.list.push([kind, what]);
  }

  text(text: string): void {
    this.#text += text;
  }

  #flush(): void {
    if (this.#text !== '') this.list.push(['text', this.#text]);
    this.#text = '';
  }
}

class Malformed extends Error {}

function scanned(pieces: Iterable<Uint8Array>): readonly Event[] {
  const events = new Events();
  const scanner = new XmlScanner({
    open: (name, attributes) =>
      events.add('open', JSON.stringify([name.raw, ...attributes.map(({ name, value }) => [name.raw, value])])),
    text: (text) => events.text(text),
    close: () => events.add('close', ''),
    fail: (why) => {
      throw new Malformed(why);
    },
  });
  for (const piece of pieces) scanner.write(piece);
  scanner.end();
  return events.list;
}

function byPeer(text: string): readonly Event[] {
  const events = new Events();
  const parser = new SaxesParser({ xmlns: false, position: false });
  let depth = 0;
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    events.add('open', JSON.stringify([name, ...Object.entries(attributes)]));
  });
  const say = (piece: string): void => {
    if (depth > 0) events.text(piece);
  };
  parser.on('text', say);
  parser.on('cdata', say);
  parser.on('closetag', () => {
    depth -= 1;
    events.add('close', '');
  });
  const refuse = (why: string): never => {
    throw new Malformed(why);
  };
  parser.on('doctype', () => refuse('DTD'));
  parser.on('error', ({ message }) => refuse(message));
  parser.write(text).close();
  return events.list;
}

/** The events, or that there are none. */
function outcome(read: () => readonly Event[]): readonly Event[] | 'malformed' {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return 'malformed';
    throw error;
  }
}

function bytewise(text: string): readonly Uint8Array[] {
  return [...Buffer.from(text)].map((byte) => Uint8Array.of(byte));
}

const NAMES = fc.constantFrom('a', 'val', 'propSet', 'vim25:x', 'xsi:type', '_X-1.b', 'größe', 'název', '名前', '𐀀');
const PARTS = fc.constantFrom(
  ...['true', '0', 'server-01', ' ', '\n', '\r\n', '\r', '\t', '&amp;', '&lt;', '&gt;', '&quot;', '&apos;', '&#65;', '&#x1F600;'],
  ...[
    '&#13;',
    '&#xA;',
    ']',
    ']]',
    '>',
    '-',
    '?',
    '/',
    '=',
    'ü',
    '東京',
    '😀',
    '\u0085',
    '\u2028',
    '\u007f',
    '\ufeff',
    'x'.repeat(50),
  ],
);
const TEXT = fc.array(PARTS, { maxLength: 6 }).map((parts) => parts.join(''));
const VALUE = TEXT.chain((text) => fc.constantFrom(`"${text}"`, `'${text}'`, `"'${text}"`, `'"${text}'`));
const BLANK = fc.constantFrom('', ' ', '\n', '\t \r\n');
const ATTRIBUTES = fc
  .uniqueArray(fc.tuple(NAMES, BLANK, BLANK, VALUE), { selector: ([name]) => name, maxLength: 3 })
  .map((list) => list.map(([name, before, behind, value]) => ` ${before}${name}${before}=${behind}${value}`).join(''));
const ASIDE = fc.oneof(
  TEXT.map((text) => `<!--${text.replaceAll('-', '+')}-->`),
  TEXT.map((text) => `<?target ${text.replaceAll('?', '')}?>`),
  fc.constantFrom('<!---->', '<?t?>', '<!-- - -->', '<?t ??>'),
);
const CONTENT = fc.oneof(
  { weight: 4, arbitrary: TEXT.map((text) => text.replaceAll(']]>', ']] >').replace(/^[\]>]/, 'x$&')) },
  TEXT.map((text) => `<![CDATA[${text.replaceAll('>', '')}]]>`),
  ASIDE,
);

/** saxes takes a question mark for the end of a target; XML does not. */
const LENIENT = /<\?[^\s?<>]+\?[^>]/;

const { element } = fc.letrec<{ element: string; inside: string }>((tie) => ({
  element: fc
    .tuple(NAMES, ATTRIBUTES, BLANK, tie('inside'))
    .map(([name, attributes, blank, inside]) =>
      inside === '' ? `<${name}${attributes}${blank}/>` : `<${name}${attributes}${blank}>${inside}</${name}${blank}>`,
    ),
  inside: fc.array(fc.oneof({ depthSize: 'small' }, CONTENT, tie('element')), { maxLength: 4 }).map((parts) => parts.join('')),
}));
const PROLOG = fc.constantFrom('', '\ufeff', '<?xml version="1.0" encoding="UTF-8"?>', "\ufeff<?xml version='1.0' ?>\n", '\n');
const MARGIN = fc.array(fc.oneof(BLANK, ASIDE), { maxLength: 2 }).map((parts) => parts.join(''));
const DOCUMENT = fc.tuple(PROLOG, MARGIN, element, MARGIN).map((parts) => parts.join(''));

test('a well-formed document gives the events that saxes gives, whole and byte by byte', () => {
  fc.assert(
    fc.property(DOCUMENT, (text) => {
      const expected = byPeer(text);
      assert.deepEqual(scanned([Buffer.from(text)]), expected);
      assert.deepEqual(scanned(bytewise(text)), expected);
    }),
    { seed: 11, numRuns: 400 },
  );
});

test('where a document is cut makes no difference', () => {
  const cut = DOCUMENT.chain((text) => {
    const bytes = Buffer.from(text);
    return fc.tuple(fc.constant(bytes), fc.array(fc.nat(bytes.length), { maxLength: 8 }));
  });
  fc.assert(
    fc.property(cut, ([bytes, cuts]) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      assert.deepEqual(scanned(pieces), scanned([bytes]));
    }),
    { seed: 12, numRuns: 400 },
  );
});

test('a damaged document is refused where saxes refuses it, and read alike where it does not', () => {
  const damage = fc.record({
    text: DOCUMENT,
    at: fc.nat(),
    remove: fc.nat(3),
    insert: fc.constantFrom(
      ...[
        '',
        '<',
        '>',
        '&',
        '"',
        "'",
        '/',
        '=',
        ' ',
        ';',
        ']]>',
        '--',
        '?>',
        '<!--',
        '-->',
        '<![CDATA[',
        ']',
        '&#0;',
        '&#xD800;',
      ],
      ...[
        '&nbsp;',
        '&#x110000;',
        '&#;',
        '\u0000',
        '\u0001',
        '\u000b',
        '\ufffe',
        '\uffff',
        '<a>',
        '</a>',
        '<a/>',
        '<1/>',
        '<?xml ?>',
      ],
      ...['<?', '<!', '<!DOCTYPE a>', ':', 'a', 'ü', '\u00b7', 'a="1" a="2"', '<!ELEMENT a>'],
    ),
  });
  fc.assert(
    fc.property(damage, ({ text, at, remove, insert }) => {
      const place = at % (text.length + 1);
      const damaged = (text.slice(0, place) + insert + text.slice(place + remove)).toWellFormed();
      fc.pre(!LENIENT.test(damaged));
      const expected = outcome(() => byPeer(damaged));
      assert.deepEqual(
        outcome(() => scanned([Buffer.from(damaged)])),
        expected,
      );
      assert.deepEqual(
        outcome(() => scanned(bytewise(damaged))),
        expected,
      );
    }),
    { seed: 13, numRuns: 1500 },
  );
});

test('text, sections and comments of any length are read with bounded memory, and a tag without end is refused', () => {
  const long = '東京 x]-?'.repeat(40_000);
  const text = `<a><!--${long.replaceAll('-', '+')}--><b>${long}</b><c><![CDATA[${long}]]></c></a>`;
  const expected = byPeer(text);
  const bytes = Buffer.from(text);
  assert.deepEqual(scanned([bytes]), expected);
  const odd = Array.from({ length: Math.ceil(bytes.length / 4099) }, (_, at) => bytes.subarray(at * 4099, (at + 1) * 4099));
  assert.deepEqual(scanned(odd), expected);
  for (const endless of [`<a b="${'x'.repeat(200_000)}"/>`, `<${'x'.repeat(200_000)}/>`, `<a>&${'x'.repeat(200_000)};</a>`]) {
    assert.throws(() => scanned([Buffer.from(endless)]), Malformed);
  }
  const many = Array.from({ length: 1000 }, (_, at) => `a${at}=""`).join(' ');
  assert.throws(() => scanned([Buffer.from(`<a ${many}/>`)]), Malformed);
});

test('bytes that are no UTF-8, tags without a name, and versions of XML other than 1.0 are refused', () => {
  const around = (...bytes: readonly number[]): readonly Uint8Array[] => [
    Buffer.from('<a>'),
    Buffer.from(bytes),
    Buffer.from('</a>'),
  ];
  assert.deepEqual(scanned(around(0xc3, 0xbc))[1], ['text', 'ü']);
  for (const broken of [[0xc3], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xe2, 0x82]]) {
    assert.throws(() => scanned(around(...broken)), Malformed, broken.join());
  }
  assert.throws(() => scanned([Buffer.from('<a/>'), Uint8Array.of(0xe2)]), Malformed);
  for (const text of [
    '<?xml version="1.1"?><a/>',
    '<?xml?><a/>',
    ' <?xml version="1.0"?><a/>',
    '<a><?XML?></a>',
    '<a><?x?y?></a>',
  ]) {
    assert.throws(() => scanned([Buffer.from(text)]), Malformed, text);
  }
});
