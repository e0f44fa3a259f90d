import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../src/model/duration.ts';
import type { Schedule } from '../../src/model/schedule.ts';
import { checkTimes, commitOf, digestOf, groupsOf, scheduleOf, wishesOf } from '../../src/operator/schedule.ts';
import type { PlanResource, VmResource } from '../../src/operator/services.ts';
import { MIGRATION_PLAN } from '../../src/resources/migration-plan.ts';
import { commitSpec, groupsSpec, scheduleSpec } from '../../src/resources/schedule-spec.ts';

const base = { providerRef: { name: 'v' }, selection: { names: ['a'] }, type: 'warm' } as const;
const specOf = (more: object): PlanResource['spec'] => MIGRATION_PLAN.spec.parse({ ...base, ...more });
const vmSpec = (more: object = {}): Pick<VmResource, 'spec'> => ({
  spec: {
    ...{ planRef: { name: 'p' }, vm: { id: 'vm-1', name: 'web' }, retry: 0 },
    ...{ paused: false, canceled: false, committed: false, rolledBack: false, testCutover: false, ...more },
  },
});

const instant = fc.integer({ min: 0, max: 4e9 }).map((seconds) => seconds * 1000);
const length = fc.integer({ min: 60, max: 40_000 });
const window = fc.record({
  cron: fc.constantFrom('0 22 * * 6', '30 1 1 * *'),
  minutes: fc.integer({ min: 1, max: 44_640 }),
  timeZone: fc.constantFrom('Etc/UTC', 'Europe/Berlin'),
});
const span = fc.tuple(instant, length).map(([begin, seconds]) => ({ begin, end: begin + seconds * 1000 }));
const policy = fc.oneof(
  fc.constantFrom({ kind: 'manual' } as const, { kind: 'when-ready' } as const),
  span.map(({ begin, end }) => ({ kind: 'at', at: begin, until: end }) as const),
  fc.array(window, { minLength: 1, maxLength: 3 }).map((windows) => ({ kind: 'windows', windows }) as const),
);
const schedule: fc.Arbitrary<Schedule> = fc
  .tuple(
    fc.record({ cutover: policy, blackouts: fc.array(fc.oneof(window, span), { maxLength: 3 }) }),
    fc.record({ start: instant, precopyEvery: length, downtimeBudget: length }, { requiredKeys: [] }),
  )
  .map(([all, more]) => ({ ...all, ...more }));

test('what a command line says of a schedule is what the operator reads in the plan', () => {
  fc.assert(
    fc.property(schedule, (wished) => {
      assert.deepEqual(scheduleOf(specOf({ schedule: scheduleSpec(wished, 'warm') })), structuredClone(wished));
    }),
  );
  const groups = new Map([
    ['web', 'shop'],
    ['db', 'shop'],
    ['x', 'y'],
    ['z', 'y'],
  ]);
  assert.deepEqual(groupsOf(specOf({ groups: groupsSpec(groups) })), groups);
});

test('a length of time is read as it is written', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e9 }), (seconds) => parseDuration(formatDuration(seconds)) === seconds));
  assert.equal(parseDuration('1h30m'), 5400);
  for (const text of ['', '0s', '5', '1.5h', '-1m', '30m1h']) assert.equal(parseDuration(text), undefined, text);
});

test('nothing said means by hand and for good', () => {
  assert.deepEqual(scheduleOf(specOf({})), { cutover: { kind: 'manual' }, blackouts: [] });
  assert.equal(commitOf(specOf({})), undefined);
  assert.deepEqual(commitOf(specOf({ commit: { mode: 'manual' } })), { otherwise: 'roll-back' });
  for (const otherwise of ['commit', 'roll-back'] as const)
    assert.deepEqual(commitOf(specOf({ commit: commitSpec({ within: 5400, otherwise }) })), { within: 5400, otherwise });
  assert.deepEqual(commitOf(specOf({ commit: { mode: 'manual', within: '2d', otherwise: 'Commit' } })), {
    ...{ within: 172_800, otherwise: 'commit' },
  });
});

test('what no API server can tell is refused in words', () => {
  const refused = (more: object, message: RegExp): void => assert.throws(() => checkTimes(specOf(more)), { message });
  const windows = (change: object) => ({
    schedule: { cutover: { mode: 'windows', windows: [{ cron: '0 1 * * 6', duration: '1h', ...change }] } },
  });
  refused(windows({ timeZone: 'Mars/Olympus' }), /no time zone "Mars/);
  refused(windows({ cron: '99 1 * * 6' }), /no cron expression/);
  refused(windows({ duration: '30s' }), /1 to 44640 minutes/);
  refused({ schedule: { blackouts: [{ cron: 'a b c d e', duration: '1h' }] } }, /no cron expression/);
  refused({ schedule: { precopyEvery: '30s' } }, /1m at least/);
  const groups = [
    { name: 'a', vms: ['x', 'y'] },
    { name: 'b', vms: ['y', 'z'] },
  ];
  refused({ groups }, /y is in the groups a and b/);
  checkTimes(specOf(windows({ timeZone: 'Europe/Berlin' })));
});

test("a VM's own switches go before those of its plan, and a plan that makes no sense any more leaves it where it is", () => {
  const [early, late] = ['2030-01-01T00:00:00.000Z', '2030-01-02T00:00:00.000Z'];
  const plan = { spec: specOf({ cutover: late, schedule: { cutover: { mode: 'whenReady' } } }) };
  assert.equal(wishesOf(vmSpec(), plan, []).cutoverAt, Date.parse(late));
  assert.equal(wishesOf(vmSpec({ cutover: early }), plan, []).cutoverAt, Date.parse(early));
  assert.equal(wishesOf(vmSpec({ rolledBack: true }), plan, []).decision, 'roll-back');
  const odd = { spec: { ...plan.spec, schedule: { precopyEvery: '1s', cutover: { mode: 'whenReady' as const } } } };
  assert.deepEqual(wishesOf(vmSpec(), odd, []).schedule, { cutover: { kind: 'manual' }, blackouts: [] });
  assert.deepEqual(wishesOf(vmSpec(), undefined, []).schedule, { cutover: { kind: 'manual' }, blackouts: [] });
});

test('a VM that waits is looked at anew for its companions only at a gate, and only when they mean something else there', () => {
  const plan = { spec: specOf({}) };
  const beside = (phase: 'CopyDelta' | 'AwaitPrecopy' | 'AwaitCutover') =>
    wishesOf(vmSpec(), plan, [{ name: 'db', type: 'warm', phase }]);
  const digest = (phase: Parameters<typeof beside>[0], own: string): string => digestOf(beside(phase), own);
  assert.equal(digest('CopyDelta', 'AwaitPrecopy'), digest('AwaitCutover', 'AwaitPrecopy'));
  assert.equal(digest('CopyDelta', 'AwaitCutover'), digest('AwaitPrecopy', 'AwaitCutover'));
  assert.notEqual(digest('CopyDelta', 'AwaitCutover'), digest('AwaitCutover', 'AwaitCutover'));
});
