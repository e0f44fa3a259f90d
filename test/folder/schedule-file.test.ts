import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { keepSchedule, readKeptSchedule } from '../../src/folder/schedule-file.ts';
import type { Schedule } from '../../src/model/schedule.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-schedule-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const NIGHT = { cron: '0 22 * * *', minutes: 60, timeZone: 'Europe/Berlin' };
const SCHEDULES: readonly Schedule[] = [
  { cutover: { kind: 'manual' }, blackouts: [] },
  { cutover: { kind: 'at', at: 5, until: 9 }, blackouts: [NIGHT, { begin: 1, end: 2 }], start: 3, precopyEvery: 60 },
  { cutover: { kind: 'windows', windows: [NIGHT] }, blackouts: [], downtimeBudget: 30 },
];

for (const schedule of SCHEDULES) {
  test(`a schedule is kept as it is: ${schedule.cutover.kind}`, async () => {
    await keepSchedule(SCRATCH, schedule);
    assert.deepEqual(await readKeptSchedule(SCRATCH), schedule);
  });
}

test('none is none, and one that somebody edited into nonsense is told', async () => {
  assert.equal(await readKeptSchedule(path.join(SCRATCH, 'elsewhere')), undefined);
  await writeFile(path.join(SCRATCH, '.kubeferry', 'schedule.json'), '{"cutover":{"kind":"soon"}}');
  await assert.rejects(readKeptSchedule(SCRATCH), /is not what kubeferry writes/);
});
