import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns, printable, wrap } from '../../src/report/columns.ts';

test('columns are as wide as their widest cell and lines have no trailing space', () => {
  assert.deepEqual(
    columns(
      [
        ['a', 'bb', 'c'],
        ['aaa', '', ''],
      ],
      ' ',
    ),
    [' a    bb  c', ' aaa'],
  );
});

test('prose is broken at spaces and no line is longer than the width', () => {
  assert.deepEqual(wrap('one two three four', 11, '  '), ['  one two', '  three', '  four']);
  assert.deepEqual(wrap('unbreakableword', 5, ''), ['unbreakableword']);
});

test('control characters and direction marks of a name cannot reach a terminal', () => {
  assert.equal(printable('a\u001b[31mb\u202ec\n'), 'a\\x1b[31mb\\x202ec\\x0a');
});
