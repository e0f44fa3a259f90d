import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PAGE, renderConcerns } from '../../deploy/concerns.ts';
import { MAPPING_CONCERNS } from '../../mappings/concerns.ts';
import { catalogue } from '../../src/assess/catalogue.ts';

const decided = Object.entries(MAPPING_CONCERNS).map(([id, words]) => ({ id, ...words }));

test('the page of concerns is what the rules say; otherwise run: node deploy/concerns.ts', () => {
  assert.equal(readFileSync(PAGE, 'utf8'), renderConcerns());
});

test('no two concerns have one id', () => {
  const ids = catalogue(decided).flatMap(({ entries }) => entries.map(({ id }) => id));
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  assert.deepEqual(twice, []);
});
