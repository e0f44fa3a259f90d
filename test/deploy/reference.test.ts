import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { REFERENCE, renderReference } from '../../deploy/reference.ts';

const page = renderReference();

test('the page of reference is what the schemas say', () => {
  assert.equal(readFileSync(REFERENCE, 'utf8'), page, 'it is stale: run node deploy/reference.ts');
});

test('a field has its type, default, range and meaning', () => {
  assert.match(page, /^\| `limits\.perHost` \| integer \| `4` \| 1 to 64 \| Transfers at once from one host\. \|$/m);
  assert.match(page, /^\| `selection` \| object \| \*\*required\*\* \|/m);
  assert.match(page, /^\| `target\.namespace` \| string \| +\| 1 to 63 characters; a DNS label \|/m);
});

test('a rule is said in words, at the field that it is about', () => {
  assert.match(page, /^- `schedule\.cutover`: until must be later than at\.$/m);
  assert.match(page, /^- a canceled plan stays canceled\.$/m);
});

test('no cell breaks its table', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  assert.ok(rows.length > 100);
  for (const row of rows) assert.equal(row.split(/(?<!\\)\|/).length, 7, row);
});
