/**
 * 300 faults at random points of inventory, snapshot, change query and task waits. Every run ends complete and correct, or with a
 * MigrationError; never with a wrong answer, a forgotten snapshot or a leaked session.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Extent } from '../../src/model/transfer.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import type { Fault } from '../peers/vcenter/faults.ts';
import { startVcenter } from '../peers/vcenter.ts';
import { connectTo, live, vmNamed } from '../providers/vsphere/simulator.ts';

const FAULTS: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'reset', after: true },
  { kind: 'status', status: 503 },
  { kind: 'html' },
  { kind: 'html', status: 200 },
  { kind: 'truncate' },
  { kind: 'wrong-length', over: true },
  { kind: 'wrong-length', over: false },
  { kind: 'slow', ms: 5 },
  { kind: 'soap', type: 'HostCommunication', message: 'Unable to communicate with the remote host.' },
  { kind: 'expire' },
];

const WANTED_FAULTS = 300;
const MOST_RUNS = 600;

interface Outcome {
  readonly vms: readonly SourceVm[];
  readonly areas: readonly Extent[];
}

async function work(connection: Connection, name: string): Promise<Outcome> {
  const { snapshots, changes } = connection;
  assert.ok(snapshots && changes);
  const vms = await Array.fromAsync(connection.vms(live()));
  const ref = vms.find((vm) => vm.name === 'DC0_H0_VM0')?.ref;
  assert.ok(ref);
  const snapshot = await snapshots.create(ref, { name, quiesce: 'no' }, live());
  const areas = await Array.fromAsync(
    changes.changed({ vm: ref, snapshot: snapshot.id, disk: 'scsi0:0', since: 'allocated' }, live()),
  );
  await snapshots.remove(ref, snapshot.id, live());
  return { vms, areas };
}

test('300 faults lead to the right answer or to an error that names its cause', { timeout: 240_000 }, async (t) => {
  const server = await startVcenter({ vms: 1, model: { host: 1, clusterHost: 1 } });
  t.after(async () => await server[Symbol.asyncDispose]());
  await server.guest('DC0_H0_VM0', { tracked: true });
  const connection = await connectTo(server);
  const { vms, areas } = await work(connection, 'fair weather');
  assert.ok(areas.length > 0);
  await connection[Symbol.asyncDispose]();

  const codes = new Map<string, number>();
  let complete = 0;
  let run = 0;
  for (; server.ledger.struck.length < WANTED_FAULTS && run < MOST_RUNS; run += 1) {
    server.roll({ seed: run + 1, share: 0.06, faults: FAULTS });
    try {
      await using stormy = await connectTo(server);
      const outcome = await work(stormy, `weather-${run}`);
      assert.deepEqual(outcome.vms, vms);
      assert.deepEqual(outcome.areas, areas);
      complete += 1;
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
    }
    server.clearFaults();
    // What an interrupted run left behind is found by the name that was recorded for it.
    await using calm = await connectTo(server);
    const { ref } = await vmNamed(calm, 'DC0_H0_VM0');
    const left = await calm.snapshots?.find(ref, `weather-${run}`, live());
    if (left !== undefined) await calm.snapshots?.remove(ref, left.id, live());
  }
  t.diagnostic(
    `${run} runs, ${complete} complete, errors: ${JSON.stringify(Object.fromEntries(codes))}, sessions left: ${server.ledger.openSessions.length}`,
  );
  assert.ok(server.ledger.struck.length >= WANTED_FAULTS);
  assert.ok(complete > 0 && codes.size > 0);
  assert.deepEqual(server.ledger.openSnapshots, []);
  // A login whose answer is lost, or a logout that is struck twice, leaves a session that nobody here can know of.
  assert.ok(server.ledger.openSessions.length <= run / 10, `${server.ledger.openSessions.length} sessions left in ${run} runs`);
});
