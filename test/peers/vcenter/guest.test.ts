import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chronicle } from './chronicle.ts';
import { SimulatedDisk } from './disk.ts';
import { SimulatedGuest } from './guest.ts';

const MiB = 1024 * 1024;

function newGuest(seed: number): SimulatedGuest {
  const disks = [2000, 2001].map((key) => new SimulatedDisk({ key, capacity: MiB, file: `[ds] vm/${key}.vmdk` }));
  return new SimulatedGuest('vm-1', disks, { seed, tracked: true });
}

test('a guest of the same seed writes the same, one of another seed does not', () => {
  const [one, same, other] = [newGuest(7), newGuest(7), newGuest(8)];
  for (const guest of [one, same, other]) guest.tick(60);
  assert.equal(one.digest(1), same.digest(1));
  assert.notEqual(one.digest(1), other.digest(1));
  assert.ok(one.writes > 60);
});

test('without power a guest writes nothing, and the truth is what its disks hold until it is back', () => {
  const guest = newGuest(3);
  assert.equal(guest.truth(), undefined);
  guest.tick(10);
  guest.rest(1);
  const { writes } = guest;
  guest.tick(10);
  guest.burst();
  assert.equal(guest.writes, writes);
  assert.equal(guest.truth()?.digest(2000), guest.digest(0));
  guest.disks[0]?.grow(2 * MiB);
  const grown = guest.digest(0);
  guest.wake();
  guest.tick(30);
  assert.equal(guest.truth()?.digest(2000), grown);
  assert.notEqual(guest.digest(0), grown);
  assert.equal(guest.writesWhileOff, 0);
  guest.rest(2);
  guest.write(0, 0, Buffer.of(1));
  assert.equal(guest.writesWhileOff, 1);
});

test('a snapshot beside the chain is what it was, and the count begins anew', () => {
  const guest = newGuest(5);
  const [disk] = guest.disks;
  assert.ok(disk);
  disk.freeze('backup');
  const backup = disk.digest();
  guest.tick(20);
  disk.freeze('ours');
  const ours = disk.frozen('ours');
  const { changeId = '' } = disk.seenBy('ours') ?? {};
  guest.tick(20);
  disk.revert('backup');
  assert.equal(disk.digest(), backup);
  assert.deepEqual(disk.frozen('ours'), ours);
  disk.freeze('next');
  assert.equal(disk.areas('next', changeId), 'unknown-change');
  for (const snapshot of ['ours', 'backup', 'next']) disk.release(snapshot);
  assert.equal(disk.digest(), backup);
  assert.equal(disk.chain.length, 1);
});

test('an id that was read without a snapshot is no point in time', () => {
  const guest = newGuest(6);
  const [disk] = guest.disks;
  assert.ok(disk);
  disk.freeze('a');
  disk.release('a');
  const { changeId = '' } = disk;
  disk.write(0, Buffer.of(1));
  disk.freeze('b');
  assert.deepEqual(disk.areas('b', changeId), []);
});

test('a chronicle knows who was on together, and who came back', () => {
  const chronicle = new Chronicle();
  for (const [machine, what] of [
    ['source', 'on'],
    ['source', 'off'],
    ['target', 'on'],
    ['source', 'snapshot made'],
    ['target', 'off'],
    ['source', 'on'],
  ] as const)
    chronicle.note(machine, what, 'test');
  assert.deepEqual(chronicle.together('source', 'target'), []);
  assert.equal(chronicle.timesOnAgain('source'), 1);
  assert.ok(chronicle.isOn('target', 3) && !chronicle.isOn('target'));
  chronicle.note('target', 'on', 'test');
  assert.deepEqual(
    chronicle.together('source', 'target').map(({ order }) => order),
    [7],
  );
});
