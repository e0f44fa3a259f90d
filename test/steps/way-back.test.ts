import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection, SourceSnapshot } from '../../src/contracts/provider.ts';
import type { VmPlan, VmProgress } from '../../src/model/plan.ts';
import { snapshotName } from '../../src/steps/snapshot.ts';
import { releaseHeld } from '../../src/steps/way-back.ts';

const PLAN = { vm: { ref: { id: 'vm-1', name: 'web' } }, mapping: { targetName: 'web' } } as unknown as VmPlan;
const WARM = { id: '2030-01-01T00:00:00.000Z', checkpoints: {}, passes: [] };

/** A source with these snapshots, by name. */
function sourceWith(...names: readonly string[]) {
  const there = new Map(
    names.map((name) => [name, { id: `id of ${name}`, name, consistency: 'crash', checkpoints: {} } as SourceSnapshot]),
  );
  const snapshots = {
    create: () => Promise.reject(new Error('nothing is made on the way back')),
    find: (_vm: unknown, name: string) => Promise.resolve(there.get(name)),
    remove: (_vm: unknown, id: string) => {
      for (const [name, found] of there) if (found.id === id) there.delete(name);
      return Promise.resolve();
    },
  };
  return { connection: { snapshots } as unknown as Connection, there };
}

function at(phase: VmProgress['phase'], warm: VmProgress['warm'] = WARM): VmProgress {
  return {
    ...{ vm: 'vm-1', targetName: 'web', type: 'warm', phase, since: '' },
    history: [],
    transfers: [],
    ...(warm && { warm }),
  };
}

test('a snapshot whose making was cut off is removed although nobody noted it, and nobody else’s is', async () => {
  const { connection, there } = sourceWith(snapshotName(PLAN, WARM), 'of a backup');
  assert.deepEqual(await releaseHeld(PLAN, at('Snapshot'), { connection }), { kind: 'snapshot-released' });
  assert.deepEqual([...there.keys()], ['of a backup']);
  assert.equal(await releaseHeld(PLAN, at('Snapshot'), { connection }), undefined);
});

test('a snapshot that is held is removed in every phase, and a source that holds none is not asked', async () => {
  const { connection, there } = sourceWith('ours');
  const held = { id: 'id of ours', name: 'ours', pass: 2, at: '', seconds: 0, checkpoints: {} };
  assert.deepEqual(await releaseHeld(PLAN, at('CopyDelta', { ...WARM, held }), { connection }), { kind: 'snapshot-released' });
  assert.equal(there.size, 0);
  const nobody = { snapshots: { find: () => assert.fail('it was asked') } } as unknown as Connection;
  assert.equal(await releaseHeld(PLAN, at('AwaitPrecopy'), { connection: nobody }), undefined);
});
