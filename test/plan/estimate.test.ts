import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { MigrationError } from '../../src/model/errors.ts';
import type { Estimate } from '../../src/model/estimate.ts';
import type { Disk } from '../../src/model/vm.ts';
import { type EstimateRequest, estimate } from '../../src/plan/estimate.ts';
import { type EstimateOptions, estimateBasis } from '../../src/plan/figures.ts';
import { fakeVm } from '../fakes/vm.ts';

/** 100 MB/s a transfer, 1 GB/s in all, 20 s to stop, 40 s to boot, nothing else: nobody looks into guests. */
const PLAIN: EstimateOptions = {
  link: { perTransfer: 100e6, total: 1000e6 },
  verify: false,
  shutdownSeconds: 20,
  bootSeconds: 40,
};

function disk(key: string, facts: Partial<Disk> = {}): Disk {
  return { key, label: key, capacity: 20e9, format: { container: 'vmdk' }, ...facts };
}

function vmWith(...disks: readonly Disk[]): ReturnType<typeof fakeVm> {
  return fakeVm({ power: 'on', disks });
}

const TEN = disk('a', { allocated: 10e9 });

test('a cold VM is away while it is shut down, copied and booted', () => {
  const { bytes, copySeconds, fixedSeconds, downtimeSeconds, warm } = estimate(vmWith(TEN), estimateBasis(PLAIN), {
    type: 'cold',
  });
  assert.equal(bytes, 10e9);
  assert.deepEqual(copySeconds, { low: 100, likely: 100, high: 100 });
  assert.equal(fixedSeconds.likely, 60);
  assert.equal(downtimeSeconds.likely, 160);
  assert.equal(warm, undefined);
});

test('a VM that is off needs no shutdown', () => {
  const off = fakeVm({ power: 'off', disks: [TEN] });
  assert.equal(estimate(off, estimateBasis(PLAIN), { type: 'cold' }).downtimeSeconds.likely, 140);
});

test('where the allocated bytes are unknown the whole disk is counted, and that is said', () => {
  const { bytes, disks, assumptions } = estimate(vmWith(TEN, disk('b')), estimateBasis(PLAIN), { type: 'cold' });
  assert.equal(bytes, 30e9);
  assert.deepEqual(
    disks.map(({ basis }) => basis),
    ['allocated', 'capacity'],
  );
  assert.deepEqual(assumptions, [
    {
      id: 'bytes-to-move',
      value: 30e9,
      unit: 'bytes',
      source: 'assumed',
      why: 'The source does not say how much of 1 of 2 disks is allocated, so their whole size is counted.',
    },
  ]);
});

test('a chain of snapshots that holds more than the disk moves no more than the disk', () => {
  assert.equal(estimate(vmWith(disk('a', { allocated: 90e9 })), estimateBasis(PLAIN), { type: 'cold' }).bytes, 20e9);
});

test('disks are copied side by side as far as the limits go', () => {
  const three = vmWith(TEN, { ...TEN, key: 'b' }, { ...TEN, key: 'c' });
  const seconds = (limits: EstimateOptions['limits'], total = 1000e6): number =>
    estimate(three, estimateBasis({ ...PLAIN, link: { perTransfer: 100e6, total }, ...(limits && { limits }) }), { type: 'cold' })
      .copySeconds.likely;
  assert.equal(seconds({}), 100);
  assert.equal(seconds({ perHost: 2 }), 200);
  assert.equal(seconds({ perPlan: 1 }), 300);
  assert.equal(seconds({}, 150e6), 266.7, 'two lanes of 75 MB/s share the link: two disks in 133 s, then the third');
});

test('disks of one datastore wait for each other where it allows only one transfer', () => {
  const on = (key: string, id: string): Disk => ({ ...TEN, key, storage: { id, name: id } });
  const basis = estimateBasis({ ...PLAIN, limits: { perDatastore: 1 } });
  assert.equal(estimate(vmWith(on('a', 'x'), on('b', 'x')), basis, { type: 'cold' }).copySeconds.likely, 200);
  assert.equal(estimate(vmWith(on('a', 'x'), on('b', 'y')), basis, { type: 'cold' }).copySeconds.likely, 100);
});

test('disks that go to one storage class wait for each other where it takes only one transfer', () => {
  const vm = vmWith(TEN, { ...TEN, key: 'b' });
  const basis = estimateBasis({ ...PLAIN, limits: { perTarget: 1 } });
  const seconds = (...classes: readonly string[]): number => {
    const targets = new Map(vm.disks.map(({ key }, index) => [key, classes[index] ?? '']));
    return estimate(vm, basis, { type: 'cold', targets }).copySeconds.likely;
  };
  assert.equal(seconds('fast', 'fast'), 200);
  assert.equal(seconds('fast', 'slow'), 100);
});

test('reading everything back for the proof takes its time', () => {
  const { copySeconds } = estimate(vmWith(TEN), estimateBasis({ ...PLAIN, verify: true }), { type: 'cold' });
  assert.equal(copySeconds.likely, 125, '100 s for the copy and 25 s for the proof at 400 MB/s');
});

describe('what is done to a guest', () => {
  const WINDOWS = 'Microsoft Windows Server 2019 (64-bit)';

  function fixed(
    request: Partial<EstimateRequest>,
    options: EstimateOptions = {},
    osName = 'Debian 12',
  ): Estimate['fixedSeconds'] {
    const vm = { ...vmWith(TEN, disk('data', { allocated: 20e9 })), guest: { osName } };
    const basis = estimateBasis({ verify: false, shutdownSeconds: 0, ...options });
    return estimate(vm, basis, { type: 'cold', ...request }).fixedSeconds;
  }

  it('takes longer in Windows than in Linux', () => {
    assert.equal(fixed({ conversion: { policy: 'convert' } }).likely, 40 + 20);
    assert.equal(fixed({ conversion: { policy: 'convert' } }, {}, WINDOWS).likely, 300 + 180);
  });

  it('depends on what is asked for: only a conversion, or a look, takes time', () => {
    const bootAlone = { low: 8, likely: 20, high: 300 };
    assert.deepEqual(fixed({}), bootAlone);
    assert.deepEqual(fixed({ conversion: { policy: 'none' } }), bootAlone);
    assert.deepEqual(fixed({ conversion: { policy: 'compatibility' } }), bootAlone);
    assert.deepEqual(fixed({ conversion: { policy: 'skip' } }), { low: 8 + 5, likely: 20 + 10, high: 300 + 20 });
    assert.deepEqual(fixed({ conversion: { policy: 'convert' } }), { low: 8 + 40, likely: 20 + 40, high: 300 + 120 });
  });

  it('depends on what emulates the processor; where nobody says, nothing does', () => {
    const terms = { conversion: { policy: 'convert' } } as const;
    for (const osName of ['Debian 12', WINDOWS]) {
      const [kvm, tcg, unsaid] = [
        fixed(terms, { accelerator: 'kvm' }, osName),
        fixed(terms, { accelerator: 'tcg' }, osName),
        fixed(terms, {}, osName),
      ];
      assert.ok(kvm.likely < tcg.low, osName);
      assert.deepEqual(unsaid, kvm, osName);
      assert.ok(kvm.high < 3600, 'a window of an hour is long enough for a cutover');
    }
  });

  it('ends in a boot only where the VM is started, or a proof asks for it', () => {
    assert.equal(fixed({ conversion: { policy: 'convert' } }, { boots: false }).likely, 40);
    assert.equal(fixed({ conversion: { policy: 'convert' }, proof: { probes: [] } }, { boots: false }).likely, 40 + 20);
    assert.equal(fixed({}, { boots: false }).high, 0);
  });

  it('makes hashes of what it wrote to anew: of the first disk, at worst of all', () => {
    const terms = { conversion: { policy: 'convert' } } as const;
    const hashed = { verify: true, conversionSeconds: 0, bootSeconds: 0 };
    assert.deepEqual(fixed(terms, hashed), { low: 7.7, likely: 25, high: 30e9 / 40e6 });
    assert.equal(fixed({ conversion: { policy: 'skip' } }, { ...hashed, accelerator: 'kvm' }).likely, 10);
  });
});

test('a warm VM is away only for its last delta', () => {
  const basis = estimateBasis({ ...PLAIN, downtimeGoalSeconds: 2 });
  const { warm, downtimeSeconds, totalSeconds } = estimate(vmWith(TEN), basis, { type: 'warm', changeRate: 10e6 });
  // 100 + 5 s, then 1.05 GB in 10.5 + 5 s; the next delta of 155 MB takes 1.55 s.
  assert.deepEqual(warm?.precopies, [
    { number: 1, bytes: 10e9, seconds: 105 },
    { number: 2, bytes: 1.05e9, seconds: 15.5 },
  ]);
  assert.equal(warm.finalDeltaBytes, 155e6);
  assert.deepEqual([warm.converges, warm.meetsGoal, warm.advice], [true, true, []]);
  assert.equal(downtimeSeconds.likely, 66.6, 'snapshot 5, delta 1.55, shutdown and boot 60');
  assert.equal(totalSeconds.likely, 187.1, 'both precopies and the downtime');
});

test('a guest that outruns the copy does not converge, and the advice has numbers', () => {
  const { warm, downtimeSeconds } = estimate(vmWith(TEN), estimateBasis(PLAIN), { type: 'warm', changeRate: 120e6 });
  assert.deepEqual([warm?.converges, warm?.meetsGoal, warm?.precopies.length], [false, false, 1]);
  assert.equal(warm?.finalDeltaBytes, 12.6e9, 'what changes in the 105 s of the only precopy');
  assert.equal(downtimeSeconds.likely, 5 + 126 + 60);
  assert.match(warm?.advice[0] ?? '', /^Copy at 1\d\d MiB\/s or more \(now 95.4 MiB\/s\)/);
  assert.match(warm?.advice[1] ?? '', /^Migrate while the guest changes no more than \d+(\.\d+)? MiB\/s \(now 114 MiB\/s\)\.$/);
  assert.equal(warm?.advice[2], 'Allow the downtime of 4 min, or migrate cold in 3 min.');
});

test('an unknown change rate is assumed as a share of the data a day, and a known one is not', () => {
  const assumed = estimate(vmWith(TEN), estimateBasis(PLAIN), { type: 'warm' }).assumptions[1];
  assert.deepEqual([assumed?.id, assumed?.source, assumed?.value], ['change-rate', 'assumed', (10e9 * 0.05) / 86_400]);
  const given = estimate(vmWith(TEN), estimateBasis(PLAIN), { type: 'warm', changeRate: 5 }).assumptions[1];
  assert.deepEqual([given?.source, given?.value], ['given', 5]);
});

test('a change rate below 0 is refused with the name of the VM', () => {
  assert.throws(
    () => estimate(vmWith(TEN), estimateBasis(PLAIN), { type: 'warm', changeRate: -1 }),
    (error) => error instanceof MigrationError && error.code === 'config-invalid' && error.place.vm === 'web',
  );
});

test('a VM that is off changes nothing', () => {
  const { warm } = estimate(fakeVm({ power: 'off', disks: [TEN] }), estimateBasis(PLAIN), { type: 'warm' });
  assert.deepEqual([warm?.changeRate, warm?.finalDeltaBytes], [0, 0]);
});

test('a VM without disks has nothing to copy', () => {
  const { bytes, copySeconds, downtimeSeconds, warm } = estimate(vmWith(), estimateBasis(PLAIN), { type: 'warm' });
  assert.deepEqual([bytes, copySeconds.likely, downtimeSeconds.likely, warm?.meetsGoal], [0, 0, 65, true]);
});

test('whatever the VM, every prediction is finite and lies between its best and its worst', () => {
  const disks = fc.array(fc.record({ capacity: fc.nat(1e13), allocated: fc.nat(1e13) }, { requiredKeys: ['capacity'] }), {
    maxLength: 5,
  });
  const basis = estimateBasis();
  fc.assert(
    fc.property(disks, fc.option(fc.nat(1e9), { nil: undefined }), fc.constantFrom('cold', 'warm'), (list, changeRate, type) => {
      const vm = vmWith(...list.map((facts, index) => disk(`d${index}`, facts)));
      const result = estimate(vm, basis, { type, ...(changeRate !== undefined && { changeRate }) });
      for (const { low, likely, high } of [
        result.copySeconds,
        result.fixedSeconds,
        result.downtimeSeconds,
        result.totalSeconds,
      ]) {
        assert.ok(low <= likely && likely <= high && Number.isFinite(high) && low >= 0);
      }
      assert.ok(result.totalSeconds.likely >= result.downtimeSeconds.likely);
    }),
    { seed: 7 },
  );
});

test('more bytes never take less time', () => {
  const basis = estimateBasis();
  const sizes = fc.array(fc.nat(1e12), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sizes, fc.nat(1e12), (list, more) => {
      const seconds = (all: readonly number[]): number =>
        estimate(vmWith(...all.map((capacity, index) => disk(`d${index}`, { capacity }))), basis, { type: 'cold' }).copySeconds
          .likely;
      const [first = 0, ...others] = list;
      assert.ok(seconds([first + more, ...others]) >= seconds(list));
    }),
    { seed: 7 },
  );
});
