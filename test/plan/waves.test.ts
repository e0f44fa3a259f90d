import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MigrationError } from '../../src/model/errors.ts';
import type { EntanglementGroup, Wave, WavePlan } from '../../src/model/estimate.ts';
import { entanglement } from '../../src/plan/entanglement.ts';
import { estimate } from '../../src/plan/estimate.ts';
import { type EstimateOptions, estimateBasis } from '../../src/plan/figures.ts';
import { readiness } from '../../src/plan/readiness.ts';
import { type WaveCandidate, waveCandidate } from '../../src/plan/wave-units.ts';
import { planWaves, type WaveRequest } from '../../src/plan/waves.ts';
import { fakeVm } from '../fakes/vm.ts';

/** 100 MB/s a transfer and four of them at once: one hour moves 1.44 TB. */
const PLAIN: EstimateOptions = { link: { perTransfer: 100e6, total: 400e6 }, verify: false };
const BASIS = estimateBasis(PLAIN);
const HOUR = 3600;

/** A VM that copies for `hours` and then needs 60 s. */
function candidate(vm: string, hours: number, facts: Partial<WaveCandidate> = {}): WaveCandidate {
  return { vm, name: vm, score: 100, disks: [{ bytes: hours * HOUR * 100e6 }], fixedSeconds: 60, ...facts };
}

function plan(candidates: readonly WaveCandidate[], facts: Partial<WaveRequest> = {}): WavePlan {
  return planWaves({ candidates, groups: [], basis: BASIS, window: { hours: 4 }, pilot: 0, ...facts });
}

function group(...members: readonly string[]): EntanglementGroup {
  return { key: members[0] ?? '', members, relations: [{ kind: 'application', key: 'x' }], outside: [] };
}

function names(waves: readonly Wave[]): readonly string[] {
  return waves.map(({ vms }) => vms.map(({ vm }) => vm).join(' '));
}

test('a wave holds what the limits can move in a window', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => candidate(`vm-${String(index).padStart(2, '0')}`, 1));
  const { waves } = plan(twenty);
  // Four at a time: the fourth batch would end 60 s after the window of four hours.
  assert.deepEqual(
    waves.map(({ vms }) => vms.length),
    [12, 8],
  );
  assert.deepEqual(
    waves.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]),
    [
      [0, 3 * HOUR + 60],
      [24 * HOUR, 26 * HOUR + 60],
    ],
  );
  assert.equal(waves[0]?.bytesPerSecond, 400e6);
  assert.deepEqual(waves[0]?.bottleneck, { limit: 'link', busy: 1 });
});

test('every VM has its place on the time line of its wave', () => {
  const { waves } = plan([candidate('a', 2), candidate('b', 1)], { basis: estimateBasis({ ...PLAIN, limits: { perPlan: 1 } }) });
  assert.deepEqual(
    waves[0]?.vms.map(({ vm, startSeconds, copiedSeconds, endSeconds }) => [vm, startSeconds, copiedSeconds, endSeconds]),
    [
      ['b', 0, HOUR, HOUR + 60],
      ['a', HOUR, 3 * HOUR, 3 * HOUR + 60],
    ],
  );
});

test('easy VMs come before hard ones, and those that stand alone before groups', () => {
  const list = [
    candidate('hard', 3, { score: 20 }),
    candidate('tied-1', 3),
    candidate('tied-2', 3),
    candidate('easy', 3),
    candidate('middle', 3, { score: 70 }),
  ];
  const one = estimateBasis({ ...PLAIN, limits: { perPlan: 1 } });
  const { waves } = plan(list, { basis: one, groups: [group('tied-1', 'tied-2')], window: { hours: 7 } });
  assert.deepEqual(names(waves), ['easy', 'tied-1 tied-2', 'middle hard']);
});

test('the pilot is a few easy VMs that stand alone', () => {
  const list = [candidate('t1', 1), candidate('t2', 1), candidate('a', 1), candidate('b', 1), candidate('c', 1, { score: 30 })];
  const { waves } = plan(list, { groups: [group('t1', 't2')], pilot: 2 });
  assert.deepEqual(
    waves.map(({ kind }) => kind),
    ['pilot', 'regular'],
  );
  assert.deepEqual(names(waves), ['a b', 't1 t2 c']);
});

test('a fleet of hard VMs has no pilot, and neither has one that is no larger than it', () => {
  const hard = Array.from({ length: 4 }, (_, index) => candidate(`h${index}`, 1, { score: 10 }));
  assert.equal(plan(hard, { pilot: 2 }).waves[0]?.kind, 'regular');
  assert.equal(plan([candidate('a', 1), candidate('b', 1)], { pilot: 2 }).waves[0]?.kind, 'regular');
});

test('a group that no window can hold has a wave of its own, a note and a concern, and as many windows as it needs', () => {
  const list = [candidate('a', 1), candidate('g1', 20), candidate('g2', 30), candidate('z', 1, { score: 10 })];
  const { waves, concerns } = plan(list, { groups: [group('g1', 'g2')] });
  assert.deepEqual(names(waves), ['a', 'g2 g1', 'z']);
  assert.equal(waves[1]?.kind, 'oversized');
  assert.deepEqual(waves[1]?.notes, ['2 VMs that stay together with 16.4 TiB to move: 30.1 h, where a window has 4 h.']);
  assert.deepEqual(
    concerns.map(({ id, subject }) => [id, subject]),
    [['wave-oversized', 'waves[1]']],
  );
  assert.deepEqual(
    waves.map(({ startSeconds }) => startSeconds / HOUR),
    [0, 24, 72],
  );
});

test('a wave has no more VMs than people can look after', () => {
  const list = Array.from({ length: 5 }, (_, index) => candidate(`vm-${index}`, 0.1));
  const { waves } = plan(list, { maxVms: 2 });
  assert.deepEqual(names(waves), ['vm-0 vm-1', 'vm-2 vm-3', 'vm-4']);
  const tied = plan(list, { maxVms: 2, groups: [group('vm-0', 'vm-1', 'vm-2')] });
  assert.deepEqual(tied.waves.find(({ kind }) => kind === 'oversized')?.notes, [
    '3 VMs that stay together, where a wave may have 2.',
  ]);
});

test('hosts take turns, so that one busy host does not hold up the others', () => {
  const list = ['a', 'b', 'c', 'd'].flatMap((host) =>
    Array.from({ length: 3 }, (_, index) => candidate(`${host}${index}`, 1, { host })),
  );
  const basis = estimateBasis({ ...PLAIN, limits: { perHost: 1 } });
  assert.deepEqual(
    plan(list, { basis, window: { hours: 2 } }).waves.map(({ vms }) => vms.length),
    [4, 4, 4],
  );
});

test('a wave that waits for one host says so', () => {
  const list = [candidate('a', 1, { host: 'esx1' }), candidate('b', 1, { host: 'esx1' })];
  const { waves } = plan(list, { basis: estimateBasis({ ...PLAIN, limits: { perHost: 1 } }) });
  assert.deepEqual(waves[0]?.bottleneck, { limit: 'host', name: 'esx1', busy: 1 });
});

test('a limit per host that could not be applied is told', () => {
  const { concerns } = plan([candidate('a', 1)], { basis: estimateBasis({ ...PLAIN, limits: { perHost: 1 } }) });
  assert.deepEqual(
    concerns.map(({ id }) => id),
    ['wave-host-unknown'],
  );
});

test('partners that stay behind are told', () => {
  const groups = entanglement(['a'], [{ kind: 'shared-disk', key: 'quorum', members: ['a', 'z'] }]);
  const { concerns, waves } = plan([candidate('a', 1)], { groups });
  assert.deepEqual(
    concerns.map(({ id, subject }) => [id, subject]),
    [['group-outside-plan', 'groups[0]']],
  );
  assert.equal(waves[0]?.vms[0]?.group, undefined);
});

test('no VMs make no waves', () => {
  assert.deepEqual(plan([]).waves, []);
});

test('a window that recurs before it ends is refused', () => {
  assert.throws(
    () => plan([], { window: { hours: 8, everyHours: 4 } }),
    (error) => error instanceof MigrationError && error.code === 'config-invalid',
  );
});

test('a VM on the waves is the VM of its estimate', () => {
  const vm = fakeVm({ placement: { host: 'esx1' } });
  const prediction = estimate(vm, BASIS, { type: 'cold' });
  const { score, host, disks, fixedSeconds } = waveCandidate(
    vm,
    prediction,
    readiness(vm, { concerns: [], estimate: prediction }),
  );
  assert.deepEqual([score, host, disks, fixedSeconds], [100, 'esx1', prediction.disks, prediction.fixedSeconds.likely]);
});

const fleet = fc
  .array(
    fc.record({
      hours: fc.integer({ min: 0, max: 6 }),
      score: fc.integer({ min: 0, max: 100 }),
      host: fc.constantFrom('a', 'b', 'c'),
      tie: fc.constantFrom('none', 'none', 'none', 'x', 'y'),
    }),
    { maxLength: 30 },
  )
  .map((list) => {
    const candidates = list.map(({ hours, score, host }, index) => candidate(`vm-${index}`, hours, { score, host }));
    const relations = ['x', 'y'].map((key) => ({
      kind: 'application' as const,
      key,
      members: list.flatMap(({ tie }, index) => (tie === key ? [`vm-${index}`] : [])),
    }));
    return {
      candidates,
      groups: entanglement(
        candidates.map(({ vm }) => vm),
        relations,
      ),
    };
  });
const LIMITED = estimateBasis({ ...PLAIN, limits: { perHost: 2 } });

test('every VM is in one wave, groups are whole, and only oversized waves exceed the window', () => {
  fc.assert(
    fc.property(fleet, ({ candidates, groups }) => {
      const { waves, window } = plan(candidates, { groups, basis: LIMITED, pilot: 3 });
      const moved = waves.flatMap(({ vms }) => vms.map(({ vm }) => vm));
      assert.deepEqual(moved.toSorted(), candidates.map(({ vm }) => vm).toSorted());
      for (const { members } of groups) {
        assert.equal(waves.filter(({ vms }) => vms.some(({ vm }) => members.includes(vm))).length, 1);
      }
      for (const { kind, startSeconds, endSeconds, vms } of waves) {
        assert.equal(kind === 'oversized', endSeconds - startSeconds > window.hours * HOUR);
        for (const vm of vms) assert.ok(vm.startSeconds <= vm.copiedSeconds && vm.copiedSeconds <= vm.endSeconds);
      }
    }),
    { seed: 7 },
  );
});

test('waves follow each other in windows that do not overlap', () => {
  fc.assert(
    fc.property(fleet, ({ candidates, groups }) => {
      const { waves } = plan(candidates, { groups, basis: LIMITED, pilot: 3 });
      waves.reduce(
        (before, after) => {
          assert.ok(after.startSeconds >= before.endSeconds);
          assert.equal(after.startSeconds % (24 * HOUR), 0);
          return after;
        },
        { endSeconds: 0 } as Pick<Wave, 'endSeconds'>,
      );
    }),
    { seed: 7 },
  );
});

test('no easier class of VMs waits for a harder one', () => {
  const classOf = (score: number): number => (score >= 80 ? 0 : score >= 60 ? 1 : 2);
  fc.assert(
    fc.property(fleet, ({ candidates }) => {
      const regular = plan(candidates, { basis: LIMITED }).waves.filter(({ kind }) => kind === 'regular');
      regular.reduce((hardest, { vms }) => {
        const classes = vms.map(({ score }) => classOf(score));
        assert.ok(Math.min(...classes) >= hardest);
        return Math.max(...classes);
      }, 0);
    }),
    { seed: 7 },
  );
});

test('the order in which the VMs come has no influence', () => {
  fc.assert(
    fc.property(
      fleet.chain((made) =>
        fc
          .shuffledSubarray([...made.candidates], { minLength: made.candidates.length })
          .map((shuffled) => ({ ...made, shuffled })),
      ),
      ({ candidates, groups, shuffled }) => {
        const facts = { groups, basis: LIMITED, pilot: 3 };
        assert.deepEqual(plan(shuffled, facts), plan(candidates, facts));
      },
    ),
    { seed: 7 },
  );
});
