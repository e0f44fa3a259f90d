import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import { readSelection } from '../../src/plan/criteria.ts';
import { fakeVm } from '../fakes/vm.ts';

const web = fakeVm({
  name: 'web-01',
  power: 'on',
  placement: { folder: 'Production/Web', cluster: 'Blue' },
  tags: [{ category: 'team', name: 'shop' }],
});
const bare = fakeVm({ name: 'bare' });

function matching(...criteria: readonly string[]): readonly string[] {
  const selection = readSelection(criteria);
  return [web, bare].filter(selection.matches).map(({ name }) => name);
}

test('a bare pattern is a name, with stars and without regard to case', () => {
  assert.deepEqual(matching('WEB-*'), ['web-01']);
  assert.deepEqual(matching('web-0?'), ['web-01']);
  assert.deepEqual(matching('eb-0'), []);
});

test('each key looks at its own fact, and an unknown fact matches nothing', () => {
  for (const criterion of [
    'folder=production',
    'folder=/Production/Web/',
    'folder=*/web',
    'tag=shop',
    'tag=team:sh*',
    'cluster=blue',
    'power=on',
  ]) {
    assert.deepEqual(matching(criterion), ['web-01'], criterion);
  }
  assert.deepEqual(matching('folder=Web'), []);
});

test('of one criterion any pattern may hold, of several all must, and != excludes', () => {
  assert.deepEqual(matching('name=web-*,bare'), ['web-01', 'bare']);
  assert.deepEqual(matching('name=*', 'power=off'), []);
  assert.deepEqual(matching('tag!=shop'), ['bare']);
});

test('signs of regular expressions are letters, and no pattern takes long', () => {
  assert.deepEqual(matching('web.01'), []);
  assert.deepEqual(matching(`${'*'.repeat(5000)}x`), []);
});

test('the name alone can rule a VM out', () => {
  const selection = readSelection(['name=web-*', 'power=off']);
  assert.equal(selection.mayMatch(web.ref), true);
  assert.equal(selection.mayMatch(bare.ref), false);
});

test('what is no criterion is refused', () => {
  for (const criterion of ['colour=red', 'name=', '']) {
    assert.throws(
      () => readSelection([criterion]),
      (error) => error instanceof MigrationError && error.code === 'usage',
    );
  }
});
