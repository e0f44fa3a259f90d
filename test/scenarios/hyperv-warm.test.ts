/**
 * Warm migrations from a Hyper-V host and from a failover cluster to a folder by the command line, while the guests write. Simulated but for samba: it
 * says nothing of a real host (test/peers/hyperv.ts).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { reportOf, startGround } from './hyperv/ground.ts';

const MiB = 1024 * 1024;
const WARM = ['--warm', '--cutover', 'when-ready'];

const single = await startGround({});
const shared = { name: 'VMs', path: 'C:\\ClusterStorage\\Volume1' };
const cluster = await startGround({ hosts: ['HV1', 'HV2', 'HV3'], cluster: 'CL1' }, shared);
after(async () => {
  await single[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Looks every few milliseconds; what it waits for comes of the migration that runs meanwhile. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
    assert.ok(Date.now() < end, `never: ${what}`);
}

test('a guest that keeps writing arrives as it was when it shut down; nothing of ours stays on the host', async () => {
  const disks = [8 * MiB, { capacity: 2 * MiB, type: 'Fixed' as const }];
  const web = await single.hyperv.add('web', { disks, seed: 7, writeEvery: 3 });
  using _writing = web.keepWriting(50);
  const folder = single.folder('web');
  const { code, out, err } = await single.migrate('web', folder, ...WARM);
  assert.equal(code, 0, `${out}\n${err}`);
  await single.assertArrived(folder, web);
  const [vm] = (await reportOf(folder)).vms;
  const [, ...deltas] = vm?.progress?.warm?.passes ?? [];
  assert.ok(deltas.length > 0, 'there was a delta');
  assert.ok(web.writes > 0, 'the guest wrote');
  for (const { compared, bytes } of deltas) {
    assert.equal(compared, undefined, 'the host counts what changed');
    assert.ok(bytes < 8 * MiB, `a delta of ${bytes} bytes`);
  }
});

test('a VM that moves to another node of the cluster in mid-migration is followed', async () => {
  const db = await cluster.hyperv.add('db', { disks: [6 * MiB], seed: 11, writeEvery: 3, host: 'HV2' });
  const folder = cluster.folder('db');
  const running = cluster.migrate('db', folder, ...WARM);
  await until(() => db.referencePoints.length > 0, 'a first pass');
  db.node = 'HV3';
  const { code, out, err } = await running;
  assert.equal(code, 0, `${out}\n${err}`);
  await cluster.assertArrived(folder, db);
  const ran = cluster.hyperv.ledger.ran.filter(({ script }) => script === 'checkpoint').map(({ host }) => host);
  assert.ok(ran.includes('HV2') && ran.includes('HV3'), `checkpoints were asked of ${ran}`);
});
