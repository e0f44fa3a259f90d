import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACTION, writeEnvelope } from '../../../../providers/hyperv/winrm/envelope.ts';
import { faultIn } from '../../../../providers/hyperv/winrm/faults.ts';
import { escapeXml, find, parseXml } from '../../../../providers/hyperv/winrm/xml.ts';
import { MigrationError } from '../../../../src/model/errors.ts';

const RUNS = { seed: 20_261_123, numRuns: 1_000 };

test('any text that XML can hold comes back as it was, as text and as an attribute', () => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(texts, (text) => {
      const { text: found, attributes } = parseXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`, 'host');
      assert.equal(found, text);
      assert.equal(attributes.get('b'), text.replaceAll(/[\t\n]/g, ' '));
    }),
    RUNS,
  );
});

test('what XML has no form for is refused before it is sent', () => {
  for (const text of ['\0', '\x1b[31m', '\ud800', '\uffff']) assert.throws(() => escapeXml(text), /cannot be put into XML/);
});

test('an envelope is XML with every value in its place', () => {
  const options = { 'A"B': '<x>' };
  const text = writeEnvelope({ action: ACTION.command, shell: `<&'">`, options, body: '<b/>' }, 'https://h:1/wsman', 42);
  const envelope = parseXml(text, 'host');
  assert.equal(find(envelope, 'Selector')?.text, `<&'">`);
  assert.equal(find(envelope, 'Option')?.attributes.get('Name'), 'A"B');
  assert.equal(find(envelope, 'OperationTimeout')?.text, 'PT42S');
  assert.equal(find(envelope, 'To')?.text, 'https://h:1/wsman');
});

test('definitions, entities, depth and size are refused', () => {
  const bombs = [
    '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>',
    '<a>&b;</a>',
    `${'<a>'.repeat(40)}${'</a>'.repeat(40)}`,
    `<a>${'<b/>'.repeat(20_001)}</a>`,
    '',
    'no XML',
    '<a><b></a>',
  ];
  for (const bomb of bombs) assert.throws(() => parseXml(bomb, 'host'), { code: 'source-answer-broken' }, bomb.slice(0, 40));
});

test('an answer that is spoilt anywhere is read or refused, and nothing else', () => {
  const whole = writeEnvelope(
    { action: ACTION.receive, shell: 'S', body: '<rsp:Stream Name="stdout">aGk=</rsp:Stream>' },
    'u',
    1,
  );
  fc.assert(
    fc.property(fc.nat(whole.length), fc.string({ maxLength: 4 }), fc.nat(5), (at, put, drop) => {
      try {
        faultIn(parseXml(whole.slice(0, at) + put + whole.slice(at + drop), 'host'));
      } catch (error) {
        assert.ok(error instanceof MigrationError && error.code === 'source-answer-broken', String(error));
      }
    }),
    RUNS,
  );
});
