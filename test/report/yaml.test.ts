import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { renderYaml } from '../../src/report/yaml.ts';

const TRAPS = [
  'n',
  'y',
  'N',
  'Y',
  'on',
  'Off',
  'yes',
  'no',
  'true',
  'null',
  '~',
  '',
  '0777',
  '0o17',
  '0b1',
  '08',
  '1.',
  '.5',
  '+1',
  '1:2',
  '0x1f',
  '1e3',
  '12:30:00',
  '10:20:30:40:50:59',
  '2026-01-02',
  '.inf',
  '=',
  '<<',
  '1_000',
  '- a',
  'a: b',
  '#',
  '& x',
  '*x',
  '!y',
  '%z',
  '@',
  '`',
  "'",
  '"',
  ' lead',
  'trail ',
  'two\nlines',
  '\u0085',
  '\u2028',
  '\ufeff',
];

test('strings that YAML 1.1 or 1.2 would read as something else come back as the strings they were', () => {
  for (const version of ['1.1', '1.2'] as const) {
    for (const trap of TRAPS) {
      const object = { value: trap, [`${trap} `]: 1, list: [trap] };
      assert.deepEqual(parse(renderYaml(object), { version }), object, `${JSON.stringify(trap)} in ${version}`);
    }
  }
});

test('equal objects are written out, not aliased', () => {
  const same = { a: 1 };
  assert.equal(renderYaml({ b: same, c: same }), 'b:\n  a: 1\nc:\n  a: 1\n');
});

test('a long line is not folded', () => {
  const long = 'word '.repeat(100).trim();
  assert.equal(renderYaml({ long }).split('\n').length, 2);
});
