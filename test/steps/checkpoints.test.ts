import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Connection, SnapshotControl } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmPlan, VmProgress, WarmProgress } from '../../src/model/plan.ts';
import { forgetAll, forgetOutdated } from '../../src/steps/checkpoints.ts';
import { settleSnapshot } from '../../src/steps/snapshot.ts';

const PLAN = { vm: { ref: { id: 'vm-1', name: 'web' } } } as unknown as VmPlan;
const WARM: WarmProgress = { id: '2030', checkpoints: { a: 'rp-2', b: 'rp-2' }, outdated: ['rp-1'], passes: [] };
const PROGRESS = { warm: WARM } as VmProgress;
const { signal } = new AbortController();
const slept: number[] = [];
const clock: Clock = { now: () => 0, sleep: (milliseconds) => Promise.resolve(void slept.push(milliseconds)) };

function sourceThat(forget: (checkpoints: readonly string[]) => Promise<void>): Connection {
  return { changes: { forget: (_vm: unknown, checkpoints: readonly string[]) => forget(checkpoints) } } as unknown as Connection;
}

test('a source lets go of what newer checkpoints replaced, and of everything in the end', async () => {
  const asked: (readonly string[])[] = [];
  const connection = sourceThat((checkpoints) => Promise.resolve(void asked.push(checkpoints)));
  assert.deepEqual(await forgetOutdated(PLAN, WARM, { connection, signal }), {
    kind: 'checkpoints-forgotten',
    checkpoints: ['rp-1'],
  });
  assert.deepEqual(await forgetAll(PLAN, PROGRESS, { connection, clock, signal }), {
    kind: 'checkpoints-forgotten',
    checkpoints: ['rp-1', 'rp-2'],
  });
  assert.deepEqual(asked, [['rp-1'], ['rp-1', 'rp-2']]);
});

test('what cannot be let go is no failure and stays noted; a bug is one', async () => {
  const away = sourceThat(() => Promise.reject(new MigrationError('source-unreachable', 'away')));
  assert.equal(await forgetOutdated(PLAN, WARM, { connection: away, signal }), undefined);
  const broken = sourceThat(() => Promise.reject(new TypeError('a bug')));
  await assert.rejects(forgetOutdated(PLAN, WARM, { connection: broken, signal }), TypeError);
});

test('in the end a source that refuses is asked again twice, because nobody comes to it later', async () => {
  let refusals = 2;
  const connection = sourceThat(() => {
    refusals -= 1;
    return refusals < 0 ? Promise.resolve() : Promise.reject(new MigrationError('source-refused', 'The job ended in state 10.'));
  });
  const forgotten = await forgetAll(PLAN, PROGRESS, { connection, clock, signal });
  assert.equal(forgotten?.kind, 'checkpoints-forgotten');
  assert.deepEqual(slept, [2000, 10_000]);
  refusals = 3;
  assert.equal(await forgetAll(PLAN, PROGRESS, { connection, clock, signal }), undefined, 'then it stays noted');
  refusals = 3;
  const byHand = (_vm: unknown, checkpoints: readonly string[]): string => `Remove ${checkpoints.join(' and ')}.`;
  const telling = { changes: { ...connection.changes, byHand } } as Connection;
  const left = await forgetAll(PLAN, PROGRESS, { connection: telling, clock, signal });
  assert.deepEqual(left, { kind: 'checkpoints-left', toDo: 'Remove rp-1 and rp-2.' }, 'and a person is told');
});

test('where checkpoints cost the source nothing nobody is asked, and nothing is noted', async () => {
  const connection = { changes: {} } as Connection;
  assert.equal(await forgetAll(PLAN, PROGRESS, { connection, clock, signal }), undefined);
  assert.equal(await forgetOutdated(PLAN, { id: '2030', checkpoints: {}, passes: [] }, { connection, signal }), undefined);
});

test('a snapshot that was copied is settled where the source can, and removed where it cannot', async () => {
  const done: string[] = [];
  const removing = { remove: (_vm: unknown, id: string) => Promise.resolve(void done.push(`removed ${id}`)) };
  const settling = {
    ...removing,
    settle: (_vm: unknown, { id, name }: { id: string; name: string }) => {
      done.push(`settled ${id} ${name}`);
      return Promise.resolve({ a: 'rp-3' });
    },
  };
  const held = { id: 's-1', name: 'ours' };
  const at = (snapshots: unknown) => ({ connection: { snapshots: snapshots as SnapshotControl } as Connection, signal });
  assert.deepEqual(await settleSnapshot(PLAN, held, at(removing)), {});
  assert.deepEqual(await settleSnapshot(PLAN, held, at(settling)), { checkpoints: { a: 'rp-3' } });
  assert.deepEqual(done, ['removed s-1', 'settled s-1 ours']);
});
