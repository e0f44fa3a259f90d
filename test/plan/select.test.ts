import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import { select } from '../../src/plan/select.ts';
import { fakeVm } from '../fakes/vm.ts';

const web = fakeVm({ name: 'web' });
const db = fakeVm({ name: 'db' });

test('no names mean every VM', () => {
  assert.deepEqual(select([web, db], []), [web, db]);
});

test('a VM is found by name and by id, in the order of the inventory', () => {
  assert.deepEqual(select([web, db], ['fake:db', 'web']), [web, db]);
  assert.deepEqual(select([web, db], ['db']), [db]);
});

test('a name that two VMs carry means both', () => {
  const twin = fakeVm({ name: 'web', ref: { id: 'fake:twin', name: 'web' } });
  assert.deepEqual(select([web, twin], ['web']), [web, twin]);
});

test('every unknown name is told at once, with what there is', () => {
  assert.throws(
    () => select([web, db], ['wbe', 'web', 'bd']),
    (error) =>
      error instanceof MigrationError &&
      error.code === 'vm-not-found' &&
      error.message === 'No VM is called wbe, bd. The source holds db, web.',
  );
});
