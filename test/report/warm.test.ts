/** Schedule, passes and downtime: the same in every format. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { VmProgress } from '../../src/model/plan.ts';
import type { Report } from '../../src/model/report.ts';
import { type REPORT_FORMATS, renderReport } from '../../src/report/index.ts';
import { fakePlan, fakeReport } from '../fakes/vm.ts';
import { strictSchema } from './schema.ts';

const MiB = 2 ** 20;
const at = (time: string): string => `2026-03-01T${time}.000Z`;

const DRAWN: Report = {
  ...fakeReport(),
  schedule: {
    start: at('18:00:00'),
    cutover: 'windows',
    downtimeBudget: 300,
    vms: [
      {
        ...{ vm: 'fake:web', name: 'web <b>', copyFrom: at('18:00:00'), copiedBy: at('19:00:00') },
        downtime: { low: 40, likely: 48, high: 75 },
        occasions: [{ from: at('22:00:00'), until: '2026-03-02T02:00:00.000Z' }, { from: '2026-03-08T22:00:00.000Z' }],
      },
      {
        ...{ vm: 'fake:db', name: 'db', copyFrom: at('18:00:00'), copiedBy: at('19:00:00') },
        downtime: { low: 1, likely: 1, high: 1 },
        occasions: [],
        because: 'no window opens within the next year',
      },
    ],
    groups: [{ name: 'shop', vms: ['web', 'db'], next: { from: at('22:00:00'), until: at('23:00:00') } }],
  },
};

const PROGRESS: VmProgress = {
  ...{
    vm: 'fake:web',
    targetName: 'web',
    type: 'warm',
    phase: 'AwaitPrecopy',
    since: at('21:00:00'),
    history: [],
    transfers: [],
  },
  warm: {
    id: 'x',
    checkpoints: {},
    left: 'Its host still keeps a reference point of web.',
    passes: [
      { number: 1, checkpointAt: at('18:00:00'), bytes: 900 * MiB, copySeconds: 90, snapshotSeconds: 2 },
      { number: 7, checkpointAt: at('20:00:00'), bytes: 10 * MiB, copySeconds: 1, snapshotSeconds: 2 },
      {
        ...{ number: 8, checkpointAt: at('20:00:10'), bytes: 20 * MiB, copySeconds: 2, snapshotSeconds: 2 },
        compared: { bytes: 20 * MiB, because: 'the source has lost count' },
      },
    ],
    setback: { count: 1, code: 'snapshot-failed', message: 'no room for a snapshot', at: at('20:30:00') },
  },
  outlook: { next: 'precopy', at: at('21:05:00'), because: 'the deltas still get smaller', cutoverAt: at('22:00:00') },
};

const RUN: Report = {
  ...fakeReport(),
  vms: fakeReport().vms.map((entry) => ({
    ...entry,
    plan: { ...fakePlan(), type: 'warm', group: 'shop' },
    progress: PROGRESS,
    downtime: {
      ...{ from: at('22:00:00'), to: at('22:01:31'), seconds: 91, over: true },
      parts: [
        { phase: 'PowerOffSource', seconds: 40 },
        { phase: 'Standstill', seconds: 51 },
      ],
      predicted: {
        seconds: { low: 40, likely: 48, high: 75 },
        finalDelta: { predicted: { low: 1, likely: 4 * MiB, high: 9 * MiB }, actual: 5 * MiB },
      },
    },
  })),
};

/** Words of a page without its markup. */
function words(report: Report, format: (typeof REPORT_FORMATS)[number]): string {
  return renderReport(report, format, 'full')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/[|\\]/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

for (const format of ['text', 'markdown', 'html'] as const) {
  test(`the dry run draws the schedule (${format})`, () => {
    const page = words(DRAWN, format);
    for (const part of [
      'Begins 2026-03-01 18:00 UTC.',
      'Cutover: in the next window in which it can end.',
      'Not while more than 5 min of downtime is predicted.',
      '2026-03-01 22:00 UTC to 2026-03-02 02:00 UTC; from 2026-03-08 22:00 UTC',
      '48 s (40 s to 75 s)',
      'no window opens within the next year',
      '2026-03-01 22:00 UTC to 23:00 UTC',
    ]) {
      assert.ok(page.includes(part), `${part}\n${page.slice(0, 3000)}`);
    }
  });

  test(`a run tells its passes and where the downtime went (${format})`, () => {
    const page = words(RUN, format);
    for (const part of [
      '5 passes after the first are left out.',
      '2.00 MiB/s',
      'the source has lost count (20.0 MiB)',
      'next precopy 2026-03-01 21:05 UTC',
      'The last precopy failed: no room for a snapshot',
      'Down for 2 min (91.0 s) from 2026-03-01 22:00 UTC to 2026-03-01 22:01 UTC.',
      'Predicted when it began: 48 s (40 s to 75 s).',
      'Final delta: 5.00 MiB; predicted 4.00 MiB.',
      'Standstill 51.0 56 %',
      'Left at the source, to be removed by hand',
      'still keeps a reference point',
    ]) {
      assert.ok(page.includes(part), `${part}\n${page.slice(0, 5000)}`);
    }
    assert.equal(page.includes('85.3 KiB/s'), false, 'no rate over passes that are forgotten');
  });
}

test('names in a schedule are no markup', () => {
  assert.ok(renderReport(DRAWN, 'html', 'full').includes('web &lt;b&gt;'));
});

test('the schema knows all of it', () => {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile(strictSchema());
  for (const report of [DRAWN, RUN]) {
    validate(JSON.parse(renderReport(report, 'json', 'full')));
    assert.deepEqual(validate.errors?.slice(0, 5) ?? [], []);
  }
});

test('a failure says what became of both ends', () => {
  const failure = { phase: 'Prove', code: 'target-not-stopped', message: 'It does not boot.', hint: '' } as const;
  const failed = RUN.vms.map((entry) => ({
    ...entry,
    progress: { ...PROGRESS, phase: 'Failed' as const, failure: { ...failure, source: 'left-off', target: 'unknown' } as const },
  }));
  const page = words({ ...RUN, vms: failed }, 'text');
  assert.match(page, /The source is powered off\. Nobody knows whether the VM at the target runs/);
});
