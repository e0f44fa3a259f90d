/**
 * Cold migrations from a Hyper-V host to a folder by the command line: scripts over WinRM, bytes over SMB from Debian's samba. Simulated but for
 * samba: it says nothing of a real host (test/peers/hyperv.ts).
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { reportOf, startGround } from './hyperv/ground.ts';

const MiB = 1024 * 1024;

const ground = await startGround({});
after(async () => await ground[Symbol.asyncDispose]());
const { hyperv } = ground;

test('a running VM is shut down by its guest and arrives byte for byte, with all kinds of images', async () => {
  const disks = [
    6 * MiB,
    { capacity: 3 * MiB, type: 'Fixed' as const },
    { capacity: 4 * MiB, children: 2, slot: 'scsi0:7' },
    { capacity: 2 * MiB, sector: 4096 as const },
  ];
  const web = await hyperv.add('web', { disks, seed: 3, shutdown: 200 });
  web.tick(20);
  using _writing = web.keepWriting();
  const folder = ground.folder('web');
  const { code, out, err } = await ground.migrate('web', folder);
  assert.equal(code, 0, `${out}\n${err}`);
  await ground.assertArrived(folder, web);
  const [vm] = (await reportOf(folder)).vms;
  assert.equal(vm?.progress?.phase, 'Completed');
  for (const { transport } of vm?.progress?.transfers ?? []) assert.match(transport, /^smb: C:\\VMs was said to be there; /);
});

test('a guest that does not shut down keeps running, unless its power may be cut', async () => {
  const stubborn = await hyperv.add('stubborn', { disks: [2 * MiB], shutdown: 'never', seed: 5 });
  const folder = ground.folder('stubborn');
  const refused = await ground.migrate('stubborn', folder, '--shutdown-grace', '1');
  assert.equal(refused.code, 3, refused.err);
  assert.match(refused.out, /did not shut down within 1 seconds/);
  assert.equal(stubborn.state, 'Running');

  // What the guest had not written yet lies in the image's log.
  stubborn.burst();
  const forced = await ground.migrate('stubborn', folder, '--resume', '--shutdown-grace', '1', '--shutdown-otherwise', 'force');
  assert.equal(forced.code, 0, `${forced.out}\n${forced.err}`);
  await ground.assertArrived(folder, stubborn);
});

test('a copy that fails starts its source again, and goes on with what it has', async () => {
  const db = await hyperv.add('db', { disks: [4 * MiB], seed: 9 });
  const folder = ground.folder('db');
  const { password } = ground.samba;
  await ground.samba.setPassword('another one');
  const refused = await ground.migrate('db', folder);
  assert.equal(refused.code, 3, refused.err);
  assert.match(refused.out, /The source runs again\./);
  assert.equal(db.state, 'Running');
  await ground.samba.setPassword(password);
  const { code, out, err } = await ground.migrate('db', folder, '--resume');
  assert.equal(code, 0, `${out}\n${err}`);
  await ground.assertArrived(folder, db);
});
