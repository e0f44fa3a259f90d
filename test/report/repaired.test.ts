import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VmProgress } from '../../src/model/plan.ts';
import type { TransferResult } from '../../src/model/transfer.ts';
import { renderJsonLine, renderReport } from '../../src/report/index.ts';
import { sampleReport } from './sample.ts';

const report = await sampleReport(1);

function withResult(repaired: TransferResult['repaired']): typeof report {
  const result = {
    job: 'vm-0/scsi0:0',
    size: 1,
    moved: 1,
    allocated: 1,
    seconds: 1,
    transport: 'range',
    ...(repaired && { repaired }),
  };
  const progress: VmProgress = {
    vm: 'vm-0',
    targetName: 'vm-0',
    type: 'cold',
    phase: 'Completed',
    since: '2026-11-22T12:00:00.000Z',
    history: [],
    transfers: [result],
  };
  return { ...report, vms: report.vms.map((entry) => ({ ...entry, progress })) };
}

for (const format of ['text', 'markdown', 'html'] as const) {
  test(`what had to be repaired is said in ${format}, and nothing where nothing had to be`, () => {
    const both = renderReport(withResult({ target: 2, source: 1 }), format, 'concerns');
    assert.match(both, /2 blocks repaired that the target did not keep/);
    assert.match(both, /1 block corrected that the source gave wrongly/);
    const one = renderReport(withResult({ target: 0, source: 3 }), format, 'concerns');
    assert.match(one, /3 blocks corrected/);
    assert.doesNotMatch(one, /0 blocks/);
    assert.doesNotMatch(renderReport(withResult(undefined), format, 'concerns'), /blocks? (repaired|corrected)/);
  });
}

test('programs read both numbers', () => {
  const repaired = { target: 2, source: 1 };
  assert.deepEqual(
    JSON.parse(renderReport(withResult(repaired), 'json', 'concerns')).vms[0].progress.transfers[0].repaired,
    repaired,
  );
  const [entry] = withResult(repaired).vms;
  assert.ok(entry !== undefined);
  assert.deepEqual(JSON.parse(renderJsonLine(entry, 'concerns')).progress.transfers[0].repaired, repaired);
});
