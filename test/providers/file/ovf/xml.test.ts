import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attribute, childOf, parseXml, placeOf, textOf } from '../../../../providers/file/ovf/xml.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { failsWith } from '../package-fixture.ts';

function parse(text: string) {
  return parseXml(text, { file: 'x.ovf' }).root;
}

function failure(text: string): MigrationError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  throw new Error('parsed');
}

test('names are resolved by namespace, whatever the prefix', () => {
  const root = parse('<a:Envelope xmlns:a="http://schemas.dmtf.org/ovf/envelope/1"><a:Name a:id="7">x</a:Name></a:Envelope>');
  assert.equal(root.vocabulary, 'ovf');
  assert.equal(textOf(root, 'Name'), 'x');
  const name = childOf(root, 'Name');
  assert.equal(name && attribute(name, 'id'), '7');
});

test('an attribute without namespace stands in for a missing one, but never before the right one', () => {
  const root = parse(
    '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:o="http://schemas.dmtf.org/ovf/envelope/1" id="plain" size="1" o:id="own"/>',
  );
  assert.equal(attribute(root, 'id'), 'own');
  assert.equal(attribute(root, 'size'), '1');
  assert.equal(attribute(root, 'id', 'vmw'), 'plain');
});

test('prefixes that exporters forget to declare are known', () => {
  const root = parse('<Envelope><vmw:Config vmw:key="firmware"/></Envelope>');
  assert.equal(childOf(root, 'Config', 'vmw')?.vocabulary, 'vmw');
});

test('an undeclared prefix that nobody knows is an error with line and column', () => {
  const error = failure('<Envelope>\n  <foo:Bar/></Envelope>');
  assert.equal(error.code, 'xml-malformed');
  assert.match(error.place.at ?? '', /^line 2, column \d+$/);
});

test('predefined entities, character references and CDATA are text', () => {
  assert.equal(parse('<a>&lt;&#65;&#x42;<![CDATA[&c;]]></a>').text, '<AB&c;');
});

test('a document type definition is refused, and so are the bombs that need one', () => {
  assert.equal(failure('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>').code, 'xml-dtd-refused');
  const bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>';
  assert.equal(failure(bomb).code, 'xml-dtd-refused');
  assert.equal(failure('<a>&y;</a>').code, 'xml-malformed');
});

test('depth and number of elements are bounded', () => {
  assert.equal(failure('<a>'.repeat(65) + '</a>'.repeat(65)).code, 'xml-too-complex');
  assert.equal(failure(`<r>${'<a/>'.repeat(200_001)}</r>`).code, 'xml-too-complex');
  parse('<a>'.repeat(64) + '</a>'.repeat(64));
});

for (const text of ['', ' ', 'rubbish', '<a>', '<a></b>', '<a b="1" b="2"/>', '<a/><b/>', '<a b=1/>', '<a>\u0001</a>', '<a']) {
  test(`${JSON.stringify(text)} is malformed`, () => {
    assert.throws(() => parse(text), failsWith('xml-malformed'));
  });
}

test('an element knows where it is, in an archive too', () => {
  const { root } = parseXml('<a>\n<b/></a>', { file: 'x.ova', member: 'x.ovf' });
  const place = placeOf(root.children[0] ?? root);
  assert.equal(place.file, 'x.ova');
  assert.match(place.at ?? '', /^member x\.ovf, line 2, column \d+$/);
});
