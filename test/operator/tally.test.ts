import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VmResource } from '../../src/operator/services.ts';
import { Tally } from '../../src/operator/tally.ts';

const PLAN = { key: 'lab/plan' };

function vmIn(phase: string | undefined, more: Partial<VmResource> = {}, critical = 0): VmResource {
  const disk = { disk: 'd', claim: 'c', capacity: 100, done: 40, total: 80, stage: 'copy' as const };
  return {
    ...{ key: 'lab/x', namespace: 'lab', name: 'x', uid: 'u', generation: 1, deleting: false },
    spec: {
      ...{ planRef: { name: 'plan' }, vm: { id: '1', name: 'x' }, retry: 0 },
      ...{ paused: false, canceled: false, committed: false, rolledBack: false },
    },
    status: { ...(phase !== undefined && { phase }), critical, disks: [disk] },
    ...more,
  };
}

test('counts follow each change, and a VM that is gone or about to go counts no more', () => {
  const tally = new Tally();
  tally.update('lab/a', vmIn(undefined, {}, 2));
  tally.update('lab/b', vmIn('CopyDisks'));
  tally.update('lab/c', vmIn('Failed'));
  const { total, waiting, running, failed, blocked, moved, bytes } = tally.of(PLAN);
  assert.deepEqual(
    { total, waiting, running, failed, blocked, moved, bytes },
    {
      ...{ total: 3, waiting: 1, running: 1, failed: 1, blocked: 1, moved: 120, bytes: 240 },
    },
  );
  tally.update('lab/b', vmIn('Completed'));
  tally.update('lab/c', vmIn('Failed', { spec: { ...vmIn('Failed').spec, retry: 1 } }));
  assert.equal(tally.of(PLAN).completed, 1);
  assert.equal(tally.of(PLAN).waiting, 2, 'one that is asked to try again waits');
  tally.update('lab/a', undefined);
  tally.update('lab/b', vmIn('Completed', { deleting: true }));
  assert.equal(tally.of(PLAN).total, 1);
  tally.update('lab/c', undefined);
  assert.equal(tally.of(PLAN).total, 0);
});
