import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterCommit, failurePolicy, shutdownOptions } from '../../src/cli/shutdown-options.ts';

const FLAGS = { shutdownGrace: 300, shutdownOtherwise: 'fail', leaveSourceOff: false } as const;

test('what follows a failure is said by either option, and never by two that differ', () => {
  assert.equal(failurePolicy({ leaveSourceOff: false }), 'always');
  assert.equal(failurePolicy({ leaveSourceOff: true }), 'never');
  assert.equal(failurePolicy({ leaveSourceOff: true, afterFailure: 'never' }), 'never');
  assert.throws(() => failurePolicy({ leaveSourceOff: true, afterFailure: 'ask' }), { code: 'usage' });
  const policies = (['always', 'ask', 'never'] as const).map(
    (afterFailure) => shutdownOptions({ ...FLAGS, afterFailure }).powerOnAfterFailure,
  );
  assert.deepEqual(policies, [true, 'ask', false]);
});

test('nothing becomes of a source unless it is asked for', () => {
  assert.equal(afterCommit({}), undefined);
  assert.deepEqual(afterCommit({ sourceRename: '-old', sourceFolder: 'migrated', sourceDisconnect: true }), {
    ...{ rename: '-old', folder: 'migrated', disconnectNics: true },
  });
});
