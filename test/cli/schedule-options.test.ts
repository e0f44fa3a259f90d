import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { commitPolicy, refuseCommit } from '../../src/cli/cluster/commit-options.ts';
import { readGroups, readSchedule, requireGrouped, type ScheduleFlags } from '../../src/cli/schedule-options.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { fakeReport } from '../fakes/vm.ts';

function refused(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof MigrationError && error.exit === 2 && pattern.test(`${error.message} ${error.hint}`);
}

test('without a word there is no schedule, and with --warm alone VMs are cut over when they are ready', async () => {
  assert.equal(await readSchedule({}), undefined);
  assert.deepEqual(await readSchedule({ warm: true }), { cutover: { kind: 'when-ready' }, blackouts: [] });
});

test('everything that can be said is understood', async () => {
  assert.deepEqual(
    await readSchedule({
      warm: true,
      start: '2030-01-05T20:00:00Z',
      precopyEvery: '1h30m',
      window: ['0 22 * * Sat; 4h; Europe/Berlin', '30 1 * * *;45m;Etc/UTC'],
      blackout: ['0 0 24 12 *; 3d; Europe/Berlin', '2030-12-30T00:00+01:00/2031-01-02T00:00+01:00'],
      downtimeBudget: '5m',
    }),
    {
      start: Date.parse('2030-01-05T20:00:00Z'),
      precopyEvery: 5400,
      cutover: {
        kind: 'windows',
        windows: [
          { cron: '0 22 * * Sat', minutes: 240, timeZone: 'Europe/Berlin' },
          { cron: '30 1 * * *', minutes: 45, timeZone: 'Etc/UTC' },
        ],
      },
      blackouts: [
        { cron: '0 0 24 12 *', minutes: 4320, timeZone: 'Europe/Berlin' },
        { begin: Date.parse('2030-12-29T23:00Z'), end: Date.parse('2031-01-01T23:00Z') },
      ],
      downtimeBudget: 300,
    },
  );
});

test('a cutover is by hand, when ready, at a time, or not begun after one', async () => {
  const at = Date.parse('2030-01-05T22:00:00Z');
  const cutoverOf = async (cutover: string) => (await readSchedule({ warm: true, cutover }))?.cutover;
  assert.deepEqual(await cutoverOf('manual'), { kind: 'manual' });
  assert.deepEqual(await cutoverOf('when-ready'), { kind: 'when-ready' });
  assert.deepEqual(await cutoverOf('2030-01-05T22:00Z'), { kind: 'at', at });
  assert.deepEqual(await cutoverOf('2030-01-05T22:00Z/2030-01-05T23:00Z'), { kind: 'at', at, until: at + 3_600_000 });
});

test('blackouts can stand in a file, with remarks', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-blackouts-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'freeze.txt');
  await writeFile(file, '# year end\n2030-12-20T00:00Z/2031-01-07T00:00Z\n\n0 8 * * 1-5; 10h; Europe/Paris # office\n');
  const { blackouts = [] } = (await readSchedule({ warm: true, blackout: [file] })) ?? {};
  assert.equal(blackouts.length, 2);
  await writeFile(file, '# nothing\n');
  await assert.rejects(readSchedule({ warm: true, blackout: [file] }), refused(/holds no blackout/));
  await writeFile(file, '\nsoon\n');
  await assert.rejects(readSchedule({ warm: true, blackout: [file] }), refused(/line 2: soon is no span/));
  await assert.rejects(readSchedule({ warm: true, blackout: [path.join(folder, 'none')] }), refused(/cannot be read/));
});

const MISTAKES: readonly (readonly [ScheduleFlags, RegExp])[] = [
  [{ window: ['0 22 * * *; 4h; Etc/UTC'] }, /--window without --warm/],
  [{ warm: true, start: 'tomorrow' }, /--start: "tomorrow" is no time.*such as 2030/],
  [{ warm: true, start: '2030-02-30T00:00Z' }, /is no time/],
  [{ warm: true, precopyEvery: '10s' }, /from 1m to 31d/],
  [{ warm: true, precopyEvery: 'often' }, /"often" is no duration.*1h30m/],
  [{ warm: true, cutover: 'later' }, /Say manual, when-ready, a time/],
  [{ warm: true, cutover: '2030-01-02T00:00Z/2030-01-01T00:00Z' }, /ends before it begins/],
  [{ warm: true, cutover: '2030-01-02T00:00Z', start: '2030-01-03T00:00Z' }, /before --start/],
  [{ warm: true, cutover: 'manual', window: ['0 22 * * *; 4h; Etc/UTC'] }, /contradict each other/],
  [{ warm: true, cutover: 'manual', downtimeBudget: '5m' }, /somebody says when/],
  [{ warm: true, window: ['0 22 * * *; 4h'] }, /has not three parts.*Europe\/Berlin/],
  [{ warm: true, window: ['0 22 * * *; 90s; Etc/UTC'] }, /whole minutes/],
  [{ warm: true, window: ['0 22 * * *; 32d; Etc/UTC'] }, /31 days at most/],
  [{ warm: true, window: ['0 22 * * *; 4h; Europe/Berln'] }, /no time zone Europe\/Berln/],
  [{ warm: true, blackout: ['2030-01-02T00:00Z/2030-01-01T00:00Z'] }, /ends before it begins/],
  [{ warm: true, downtimeBudget: '0s' }, /is no duration/],
];

for (const [flags, pattern] of MISTAKES) {
  test(`a mistake teaches: ${JSON.stringify(flags)}`, async () => {
    await assert.rejects(readSchedule(flags), refused(pattern));
  });
}

test('groups are names with two VMs at least, each in one of them', () => {
  const groups = readGroups({ group: ['shop=web, db', 'mail=mx1,mx2'] });
  assert.deepEqual([...groups], [...Object.entries({ web: 'shop', db: 'shop', mx1: 'mail', mx2: 'mail' })]);
  for (const group of [['shop'], ['=a,b'], ['shop=web'], ['shop=web,'], ['shop=web,web'], ['a=x,y', 'b=y,z']]) {
    assert.throws(() => readGroups({ group }), refused(/--group/), group.join(' '));
  }
});

test('a VM of a group has to be migrated, so that none is cut over without it', () => {
  requireGrouped(new Map([['web', 'shop']]), fakeReport());
  requireGrouped(new Map([['fake:web', 'shop']]), fakeReport());
  assert.throws(() => requireGrouped(new Map([['wep', 'shop']]), fakeReport()), refused(/not migrated here: wep/));
});

test('a commit window is a time and what follows, or lasts until somebody says something; there is none in a folder', () => {
  assert.equal(commitPolicy({}), undefined);
  assert.deepEqual(commitPolicy({ commitWithin: 7200 }), { within: 7200, otherwise: 'roll-back' });
  assert.deepEqual(commitPolicy({ commitWithin: 60, commitOtherwise: 'commit' }), { within: 60, otherwise: 'commit' });
  assert.deepEqual(commitPolicy({ commitWithin: 'unlimited' }), { otherwise: 'roll-back' });
  for (const flags of [{ commitOtherwise: 'commit' }, { commitOtherwise: 'commit', commitWithin: 'unlimited' }] as const)
    assert.throws(() => commitPolicy(flags), refused(/--commit-within 2h/));
  assert.throws(() => refuseCommit({ commitWithin: 60 }), refused(/only where --to is cluster/));
  refuseCommit({});
});
