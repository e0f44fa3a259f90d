import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StageProgress } from '../../src/transfer/progress.ts';

test('a burst of progress is told once at its begin and once at its end, never beyond the total', () => {
  const told: number[] = [];
  const progress = new StageProgress({ job: 'web/scsi0:0', stage: 'copy', total: 1000 }, ({ done }) => told.push(done));
  for (let index = 0; index < 1500; index += 1) progress.add(1);
  progress.finish();
  assert.equal(told[0], 0);
  assert.equal(told.at(-1), 1000);
  assert.ok(told.length <= 4, `${told.length} reports`);
});
