import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Area, SimulatedDisk } from './disk.ts';
import { SimulatedGuest } from './guest.ts';

const CAPACITY = 1024 * 1024 + 512;

function newGuest(seed: number, tracked = true): SimulatedGuest {
  const disk = new SimulatedDisk({ key: 2000, capacity: CAPACITY, file: '[ds] vm/vm.vmdk' });
  return new SimulatedGuest('vm-1', [disk], { seed, tracked });
}

function only(guest: SimulatedGuest): SimulatedDisk {
  const [disk] = guest.disks;
  assert.ok(disk);
  return disk;
}

function baseOf(disk: SimulatedDisk): Buffer | undefined {
  return disk.frozenBase?.read();
}

function areasOf(answer: ReturnType<SimulatedDisk['areas']>): readonly Area[] {
  assert.ok(typeof answer !== 'string', String(answer));
  return answer;
}

function copy(from: Buffer, to: Buffer, areas: readonly Area[]): void {
  for (const { start, length } of areas) from.copy(to, start, start, start + length);
}

test('a base and the changed areas of every round give the disk of the guest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), (seed, rounds) => {
      const guest = newGuest(seed);
      const disk = only(guest);
      const target = Buffer.alloc(CAPACITY);
      let since = '*';
      for (const [round, writes] of rounds.entries()) {
        const snapshot = `snapshot-${round}`;
        disk.freeze(snapshot);
        const frozen = disk.frozen(snapshot);
        assert.ok(frozen);
        guest.writeSome(3);
        copy(frozen, target, areasOf(disk.areas(snapshot, since)));
        assert.ok(target.equals(frozen), `round ${round}`);
        since = disk.seenBy(snapshot)?.changeId ?? '';
        disk.release(snapshot);
        guest.writeSome(writes);
      }
    }),
    { numRuns: 40 },
  );
});

test('changes are not much more than what was written', () => {
  const disk = only(newGuest(3));
  disk.freeze('a');
  const since = disk.seenBy('a')?.changeId ?? '';
  disk.write(70_000, Buffer.of(1));
  disk.write(CAPACITY - 1, Buffer.of(1));
  disk.freeze('b');
  const expected = [
    { start: 65_536, length: 65_536 },
    { start: 1_048_576, length: 512 },
  ];
  assert.deepEqual(disk.areas('b', since), expected);
  assert.deepEqual(disk.areas('a', since), []);
});

test('change ids look like those of a host and advance with each snapshot', () => {
  const disk = only(newGuest(1));
  assert.match(disk.changeId ?? '', /^52( [0-9a-f]{2}){7}-[0-9a-f]{2}( [0-9a-f]{2}){7}\/1$/);
  disk.freeze('a');
  assert.match(disk.seenBy('a')?.changeId ?? '', /\/1$/);
  assert.match(disk.changeId ?? '', /\/2$/);
});

test('a change id of before a reset, of later or of nonsense is not answered', () => {
  const disk = only(newGuest(1));
  disk.freeze('a');
  const old = disk.seenBy('a')?.changeId ?? '';
  disk.track();
  disk.freeze('b');
  assert.equal(disk.areas('b', old), 'unknown-change');
  assert.equal(disk.areas('b', (disk.changeId ?? '').replace(/\d+$/, '9')), 'unknown-change');
  assert.equal(disk.areas('b', 'rubbish'), 'malformed-change');
});

test('tracking that was asked for begins with the next stun', () => {
  const guest = newGuest(1, false);
  const disk = only(guest);
  guest.trackingAsked = true;
  disk.freeze('a');
  guest.stun();
  assert.equal(disk.areas('a', '*'), 'not-tracked');
  disk.release('a');
  disk.freeze('b');
  assert.ok(areasOf(disk.areas('b', '*')).length > 0);
});

test('the base is frozen exactly while a snapshot or what is left of one exists', () => {
  const guest = newGuest(5);
  const disk = only(guest);
  assert.equal(baseOf(disk), undefined);
  disk.freeze('a');
  const before = disk.frozen('a');
  guest.writeSome(10);
  assert.deepEqual(baseOf(disk), before);
  assert.deepEqual(disk.chain, ['[ds] vm/vm.vmdk', '[ds] vm/vm-000001.vmdk']);
  disk.release('a', false);
  assert.ok(disk.consolidationNeeded);
  assert.equal(disk.file, '[ds] vm/vm-000001.vmdk');
  disk.consolidate();
  assert.ok(!disk.consolidationNeeded);
  assert.equal(disk.file, '[ds] vm/vm.vmdk');
  assert.equal(baseOf(disk), undefined);
});

test('removing the older of two snapshots moves the younger one into its file', () => {
  const guest = newGuest(6);
  const disk = only(guest);
  disk.freeze('a');
  guest.writeSome(4);
  disk.freeze('b');
  const second = disk.frozen('b');
  guest.writeSome(4);
  disk.release('a');
  assert.equal(disk.seenBy('b')?.file, '[ds] vm/vm.vmdk');
  assert.deepEqual(baseOf(disk), second);
  assert.equal(disk.file, '[ds] vm/vm-000002.vmdk');
});
