import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../src/contracts/clock.ts';
import type { Connection } from '../src/contracts/provider.ts';
import { MigrationError } from '../src/model/errors.ts';
import type { SourceVm, VmRef } from '../src/model/vm.ts';
import { withRetries } from '../src/retry.ts';
import { startVcenter } from './peers/vcenter.ts';
import { connectTo, live } from './providers/vsphere/simulator.ts';

const WEATHER = () => new MigrationError('source-answer-broken', 'the connection was cut');

class Pauses implements Clock {
  readonly taken: number[] = [];

  now(): number {
    return 0;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.taken.push(milliseconds);
  }
}

function inventory(vms: (signal: AbortSignal, wants?: (vm: VmRef) => boolean) => AsyncIterable<SourceVm>): Connection {
  return {
    name: 'test',
    vms: (signal, hint) => vms(signal, hint?.wants),
    surroundings: () => Promise.reject(WEATHER()),
    openDisk: () => Promise.reject(new MigrationError('disk-unreachable', 'no way')),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function vm(id: string): SourceVm {
  return { ref: { id, name: id }, name: id } as SourceVm;
}

test('an inventory that breaks is read on where it broke, each VM once', async () => {
  const clock = new Pauses();
  const asked: string[][] = [];
  const connection = withRetries(
    inventory(async function* (_, wants = () => true) {
      const left = ['a', 'b', 'c', 'd'].filter((id) => wants({ id, name: id }));
      asked.push(left);
      for (const [at, id] of left.entries()) {
        if (at === 1 && asked.length < 4) throw WEATHER();
        yield vm(id);
      }
    }),
    { clock, random: () => 1 },
  );
  const found = await Array.fromAsync(connection.vms(live(), { wants: ({ id }) => id !== 'c' }));
  assert.deepEqual(
    found.map(({ name }) => name),
    ['a', 'b', 'd'],
  );
  assert.deepEqual(asked, [['a', 'b', 'd'], ['b', 'd'], ['d']]);
  // What got further begins to count anew.
  assert.deepEqual(clock.taken, [1000, 1000]);
});

test('what does not help is tried so often and no more, after pauses that grow', async () => {
  const clock = new Pauses();
  const connection = withRetries(
    inventory(async function* () {}),
    {
      clock,
      policy: { tries: 5, firstPause: 100, longestPause: 300 },
      random: () => 0,
    },
  );
  await assert.rejects(connection.surroundings(live()), /connection was cut/);
  assert.deepEqual(clock.taken, [50, 100, 150, 150]);
});

test('errors that another try does not heal are told at once, and so is the end of the run', async () => {
  const clock = new Pauses();
  const connection = withRetries(
    inventory(async function* () {}),
    { clock },
  );
  await assert.rejects(connection.openDisk({ id: 'a', name: 'a' }, 'disk', live()), /no way/);
  await assert.rejects(connection.surroundings(AbortSignal.abort(new Error('enough'))), /enough|cut/);
  assert.deepEqual(clock.taken, []);
});

test('a vCenter in bad weather tells the same inventory and the same extents', async (t) => {
  const server = await startVcenter({ vms: 2, clusters: 0, areasPerAnswer: 1 });
  t.after(async () => await server[Symbol.asyncDispose]());
  const guest = await server.guest('DC0_H0_VM0', { tracked: true, capacity: 4 * 1024 * 1024 });
  await using inner = await connectTo(server);
  const connection = withRetries(inner, {
    clock: new Pauses(),
    policy: { tries: 20, firstPause: 1, longestPause: 1 },
  });
  const { snapshots, changes, access } = connection;
  assert.ok(snapshots && changes && access?.changes && access.openExport && access.credentials);
  const ref = { id: guest.vm, name: 'DC0_H0_VM0' };
  const { id } = await snapshots.create(ref, { name: 'one', quiesce: 'no' }, live());
  const vms = await Array.fromAsync(inner.vms(live()));
  const question = { vm: ref, disk: 'scsi0:0', snapshot: id, since: 'allocated' } as const;
  assert.ok(inner.changes);
  const extents = await Array.fromAsync(inner.changes.changed(question, live()));
  assert.ok(extents.length > 3);
  server.roll({
    seed: 3,
    share: 0.06,
    faults: [{ kind: 'reset' }, { kind: 'reset', after: true }, { kind: 'status', status: 503 }, { kind: 'truncate' }],
    match: ({ operation, path }) => operation !== 'Login' && !path.endsWith('session'),
  });
  assert.deepEqual(await Array.fromAsync(connection.vms(live())), vms);
  assert.deepEqual(await Array.fromAsync(access.changes.changed(question, live())), extents);
  await snapshots.remove(ref, id, live());
  server.clearFaults();
  assert.ok(server.ledger.struck.length > 2);
  assert.deepEqual(server.ledger.openSnapshots, []);
});
