import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeEnvelope } from '../../../../providers/vsphere/vim/envelope.ts';
import { faultOf } from '../../../../providers/vsphere/vim/fault.ts';
import { members } from '../../../../providers/vsphere/vim/node.ts';
import { parseXml, XmlReader } from '../../../../providers/vsphere/vim/xml-reader.ts';
import { MigrationError } from '../../../../src/model/errors.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

test('types are found by their namespace, whatever the prefix', () => {
  for (const document of [
    `<e xmlns:xsi="${XSI}"><v xsi:type="VirtualDisk"/></e>`,
    `<e><v xmlns:_XMLSchema-instance="${XSI}" _XMLSchema-instance:type="VirtualDisk"/></e>`,
    `<s:e xmlns:s="urn:x" xmlns:i="${XSI}"><s:v i:type="vim25:VirtualDisk"/></s:e>`,
  ]) {
    assert.equal(parseXml(document).get('v')?.type, 'VirtualDisk', document);
  }
  assert.equal(parseXml('<e xmlns:o="urn:other"><v o:type="VirtualDisk"/></e>').get('v')?.type, undefined);
  const shadowed = parseXml(`<e xmlns:p="${XSI}"><a xmlns:p="urn:other"><v p:type="X"/></a><v p:type="Y"/></e>`);
  assert.equal(shadowed.at('a', 'v')?.type, undefined);
  assert.equal(shadowed.get('v')?.type, 'Y');
});

test('an array is an array with one member and with none, and an unknown type is kept', () => {
  const root = parseXml(`<e xmlns:xsi="${XSI}"><one xsi:type="ArrayOfThing"><Thing xsi:type="Odd">1</Thing></one><none/></e>`);
  assert.equal(members(root.get('one')).length, 1);
  assert.equal(members(root.get('one'))[0]?.type, 'Odd');
  assert.deepEqual(members(root.get('none')), []);
  assert.deepEqual(root.list('missing'), []);
});

test('values are typed when they are asked for, and what is no such value is unknown', () => {
  const root = parseXml('<e><n>42</n><big>9223372036854775807</big><t>true</t><z>0</z><x>many</x><s> a &amp; b </s></e>');
  assert.equal(root.number('n'), 42);
  assert.equal(root.number('big'), undefined);
  assert.equal(root.string('big'), '9223372036854775807');
  assert.deepEqual([root.flag('t'), root.flag('z'), root.flag('x'), root.number('x')], [true, false, undefined, undefined]);
  assert.equal(root.string('s'), ' a & b ');
});

test('a nil element says that there is no value', () => {
  assert.equal(parseXml(`<e xmlns:xsi="${XSI}"><v xsi:nil="true"/></e>`).get('v'), undefined);
});

test('a document in pieces of one character gives the same objects one by one', () => {
  const reader = new XmlReader({ element: 'objects', depth: 5 });
  const text =
    '<E><B><R><returnval><token>t</token><objects><n>1</n></objects><objects><n>2</n></objects></returnval></R></B></E>';
  const found = [...text].flatMap((character) => reader.write(Buffer.from(character)));
  assert.deepEqual(
    found.map((node) => node.number('n')),
    [1, 2],
  );
  const rest = reader.end();
  assert.equal(rest.at('B', 'R', 'returnval')?.children.length, 1);
});

test('cut off, torn, nested without end, or with a DTD: the answer is broken', () => {
  for (const text of [
    '',
    '<e><v>',
    '<e></f>',
    '<a>'.repeat(300),
    '<!DOCTYPE e [<!ENTITY x "y">]><e>&x;</e>',
    '<html><br></html>',
  ]) {
    assert.throws(
      () => parseXml(text),
      (error) => error instanceof MigrationError && error.code === 'source-answer-broken',
      text.slice(0, 40),
    );
  }
});

test('what is written is read back, with the order of the table and every character', () => {
  const text = writeEnvelope(
    'CreateSnapshot_Task',
    { type: 'VirtualMachine', id: 'vm-1' },
    { quiesce: true, memory: false, description: undefined, name: `<&>"' ü` },
  );
  const call = parseXml(text).at('Body', 'CreateSnapshot_Task');
  assert.deepEqual(
    call?.children.map(({ name }) => name),
    ['_this', 'name', 'memory', 'quiesce'],
  );
  assert.equal(call?.string('name'), `<&>"' ü`);
  assert.deepEqual(call?.ref('_this'), { type: 'VirtualMachine', id: 'vm-1' });
});

test('a fault is named by its type, by its element where there is none, and tells the missing privilege', () => {
  const fault = (detail: string) =>
    faultOf(
      parseXml(`<E xmlns:xsi="${XSI}"><Body><Fault><faultstring>no</faultstring><detail>${detail}</detail></Fault></Body></E>`),
    );
  assert.equal(fault('<X xsi:type="vim25:InvalidLogin"/>')?.fault, 'InvalidLogin');
  assert.equal(fault('<NotAuthenticatedFault/>')?.fault, 'NotAuthenticated');
  const denied = fault('<F xsi:type="NoPermission"><privilegeId>VApp.Export</privilegeId></F>');
  assert.equal(denied?.code, 'source-forbidden');
  assert.match(denied?.message ?? '', /VApp\.Export/);
  assert.equal(faultOf(parseXml('<E><Body/></E>')), undefined);
});
