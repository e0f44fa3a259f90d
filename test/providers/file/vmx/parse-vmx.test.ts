import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseVmx } from '../../../../providers/file/vmx/parse-vmx.ts';

function parse(text: string | Buffer): Record<string, string> {
  return Object.fromEntries([...parseVmx(Buffer.from(text), 'a.vmx')].map(([key, { value }]) => [key, value]));
}

test('keys are taken without regard to case, values with quotes or without', () => {
  const text =
    '\uFEFF#!/usr/bin/vmware\r\nnumVCPUs = "4"\r\n\r\n  memSize=2048 # MiB\r\nscsi0:0.fileName = "a b#c.vmdk" # first\r\nempty = ""\r\n';
  assert.deepEqual(parse(text), { numvcpus: '4', memsize: '2048', 'scsi0:0.filename': 'a b#c.vmdk', empty: '' });
});

test('bars write what a line cannot hold', () => {
  assert.deepEqual(parse('annotation = "say |22hi|22|0Athen |7C go"'), { annotation: 'say "hi"\nthen | go' });
});

test('text is decoded by the character set that it names', () => {
  const latin = Buffer.concat([
    Buffer.from('.encoding = "windows-1252"\ndisplayName = "B'),
    Buffer.from([0xfc]),
    Buffer.from('ro |E4"'),
  ]);
  assert.equal(parse(latin)['displayname'], 'Büro ä');
  const gbk = Buffer.concat([Buffer.from('.encoding = "GBK"\ndisplayName = "'), Buffer.from([0xd6, 0xd0]), Buffer.from('"')]);
  assert.equal(parse(gbk)['displayname'], '中');
  assert.equal(parse('displayName = "Büro"')['displayname'], 'Büro');
  assert.equal(parse(Buffer.from([0x61, 0x3d, 0xfc]))['a'], 'ü', 'neither named nor UTF-8: windows-1252');
});

test('a character set that is unknown or a lie is an error', () => {
  for (const text of ['.encoding = "klingon"', Buffer.from([...Buffer.from('.encoding = "UTF-8"\na = "'), 0xff, 0x22])]) {
    assert.throws(() => parse(text as string), { code: 'descriptor-encoding' });
  }
});

test('a key set twice to one value is kept, to two values is an error with the line', () => {
  assert.deepEqual(parse('a = "1"\nA = "1"'), { a: '1' });
  assert.throws(() => parse('a = "1"\nb = "2"\nA = "3"'), { code: 'vmx-malformed', place: { file: 'a.vmx', at: 'line 3' } });
});

test('what is no key and value is an error with the line', () => {
  for (const text of ['a = "1"\nhello', 'a = "1"\nb = "2" c', 'a = "1"\n= "x"', 'a = "1"\nb = "unclosed']) {
    assert.throws(() => parse(text), { code: 'vmx-malformed', place: { file: 'a.vmx', at: 'line 2' } }, text);
  }
  assert.throws(() => parse('a = "\0"'), { code: 'vmx-malformed' });
});

test('a line of millions of blanks takes no longer than its length', () => {
  const blanks = ' '.repeat(4_000_000);
  assert.throws(() => parse(`a${blanks}b`), { code: 'vmx-malformed' });
  assert.throws(() => parse(`a = b${blanks}"`), { code: 'vmx-malformed' });
  assert.deepEqual(parse(`a${blanks}= "b"${blanks}# c`), { a: 'b' });
});
