import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schedule } from '../../../src/model/schedule.ts';
import { drawSchedule, type Scheduled } from '../../../src/plan/schedule/draw.ts';
import { fakePlan, fakeVm } from '../../fakes/vm.ts';

/** A Sunday. */
const NOW = Date.parse('2026-03-01T12:00:00Z');
const NIGHTS: Schedule = {
  cutover: { kind: 'windows', windows: [{ cron: '0 22 * * *', minutes: 120, timeZone: 'Europe/Berlin' }] },
  blackouts: [{ begin: Date.parse('2026-03-02T00:00:00Z'), end: Date.parse('2026-03-04T00:00:00Z') }],
};

function vm(name: string, more: { readonly copy?: number; readonly downtime?: number; readonly group?: string } = {}): Scheduled {
  const { copy = 3600, downtime = 60, group } = more;
  const spread = (likely: number) => ({ low: likely / 2, likely, high: likely * 2 });
  return {
    plan: { ...fakePlan(fakeVm({ name })), type: 'warm', ...(group !== undefined && { group }) },
    estimate: { copySeconds: spread(copy), downtimeSeconds: spread(downtime) },
  };
}

test('the next windows are drawn by the clock on their own wall, without those that are blacked out', () => {
  const { vms } = drawSchedule(NIGHTS, [vm('web')], NOW);
  assert.equal(vms[0]?.copiedBy, '2026-03-01T13:00:00.000Z');
  assert.deepEqual(vms[0]?.occasions, [
    { from: '2026-03-01T21:00:00.000Z', until: '2026-03-01T23:00:00.000Z' },
    { from: '2026-03-04T21:00:00.000Z', until: '2026-03-04T23:00:00.000Z' },
    { from: '2026-03-05T21:00:00.000Z', until: '2026-03-05T23:00:00.000Z' },
  ]);
});

test('a window that is over before the copy is no occasion', () => {
  const { vms } = drawSchedule(NIGHTS, [vm('web', { copy: 11 * 3600 })], NOW);
  assert.equal(vms[0]?.occasions[0]?.from, '2026-03-04T21:00:00.000Z');
});

test('nothing is drawn before the start', () => {
  const drawn = drawSchedule({ cutover: { kind: 'when-ready' }, blackouts: [], start: NOW + 3_600_000 }, [vm('web')], NOW);
  assert.equal(drawn.start, '2026-03-01T13:00:00.000Z');
  assert.deepEqual(drawn.vms[0]?.occasions, [{ from: '2026-03-01T14:00:00.000Z' }]);
});

test('where there is no occasion the reason is told', () => {
  const manual = drawSchedule({ cutover: { kind: 'manual' }, blackouts: [] }, [vm('web')], NOW);
  assert.deepEqual([manual.vms[0]?.occasions, manual.vms[0]?.because], [[], 'somebody has to say when']);
  const long = drawSchedule(NIGHTS, [vm('web', { downtime: 3 * 3600 })], NOW);
  assert.match(long.vms[0]?.because ?? '', /the longest window is 120 min|2 h/);
});

test('the VMs of a group wait for the slowest, and one that is off is not cut over warm', () => {
  const off: Scheduled = { ...vm('db', { group: 'shop' }), plan: { ...fakePlan(fakeVm({ name: 'db' })), group: 'shop' } };
  const all = [vm('web', { group: 'shop' }), vm('cache', { group: 'shop', copy: 11 * 3600 }), off, vm('mail')];
  const { vms, groups } = drawSchedule(NIGHTS, all, NOW);
  assert.deepEqual(
    vms.map(({ name }) => name),
    ['web', 'cache', 'mail'],
  );
  assert.deepEqual(groups, [
    {
      name: 'shop',
      vms: ['web', 'cache', 'db'],
      next: { from: '2026-03-04T21:00:00.000Z', until: '2026-03-04T23:00:00.000Z' },
    },
  ]);
});
