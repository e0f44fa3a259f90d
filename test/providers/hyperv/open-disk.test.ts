import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { SharedImageSource } from '../../../src/model/transfer.ts';
import { startHyperv } from '../../peers/hyperv.ts';
import { live, open, refOf } from './simulated.ts';

const MiB = 1024 * 1024;

const hyperv = await startHyperv();
const connection = await open(hyperv);
const snapshots = connection.snapshots ?? assert.fail();
after(async () => {
  await connection[Symbol.asyncDispose]();
  await hyperv[Symbol.asyncDispose]();
});

async function shared(...args: Parameters<typeof connection.openDisk>): Promise<SharedImageSource> {
  const source = await connection.openDisk(...args);
  return source.kind === 'shared-image' ? source : assert.fail(source.kind);
}

test('a disk of a VM that is off is its chain of images, top first, with what marks them', async () => {
  const web = await hyperv.add('web', { on: false, disks: [{ capacity: 2 * MiB, children: 2 }] });
  const source = await shared(refOf(web), 'scsi0:0', live());
  assert.deepEqual(
    source.layers.map(({ file }) => file),
    ['web-child-2.vhdx', 'web-child-1.vhdx', 'web.vhdx'].map((name) => ({
      kind: 'smb',
      server: '127.0.0.1',
      share: 'VMs',
      path: `web/${name}`,
    })),
  );
  assert.equal(source.capacity, 2 * MiB);
  assert.equal(source.mark?.split(' ').length, 3);
  assert.deepEqual(source.tracking, { vm: refOf(web), disk: 'scsi0:0' });
  assert.match(source.because, /^the share VMs of 127\.0\.0\.1 leads to it$/);
  assert.deepEqual(await shared(refOf(web), 'scsi0:0', live()), source);
  // The guest writes: the mark is another one.
  web.powerOn('somebody');
  web.tick(200);
  await web.powerOff('somebody');
  assert.notEqual((await shared(refOf(web), 'scsi0:0', live())).mark, source.mark);
});

test('the user says where folders are', async () => {
  const away = await hyperv.add('away', { on: false, disks: [MiB] });
  await using mapped = await open(hyperv, { paths: [{ from: 'c:\\vms\\AWAY', to: '/mnt/hv1' }] });
  const source = await mapped.openDisk(refOf(away), 'scsi0:0', live());
  assert.ok(source.kind === 'shared-image');
  assert.deepEqual(source.layers, [{ format: 'vhdx', file: { kind: 'mounted', path: '/mnt/hv1/away.vhdx' } }]);
  await assert.rejects(open(hyperv, { paths: [{ from: 'VMs', to: '/mnt' }] }), { code: 'config-invalid' });
});

test('the disk of a running VM is read as a checkpoint froze it, and not otherwise', async () => {
  const db = await hyperv.add('db', { disks: [2 * MiB] });
  await assert.rejects(connection.openDisk(refOf(db), 'scsi0:0', live()), { code: 'disk-unreachable', message: /locked/ });
  const { id } = await snapshots.create(refOf(db), { name: 'kubeferry db 1', quiesce: 'no' }, live());
  const source = await shared(refOf(db), 'scsi0:0', live(), id);
  assert.deepEqual(source.layers[0].file, { kind: 'smb', server: '127.0.0.1', share: 'VMs', path: 'db/db.vhdx' });
  assert.equal(source.mark, undefined);
  assert.deepEqual(source.tracking, { vm: refOf(db), disk: 'scsi0:0', snapshot: id });
  await assert.rejects(connection.openDisk(refOf(db), 'scsi0:5', live(), id), { code: 'disks-changed' });
  await snapshots.remove(refOf(db), id, live());
  await assert.rejects(connection.openDisk(refOf(db), 'scsi0:0', live(), id), { code: 'snapshot-failed' });
});

test('a saved VM has let go of its files', async () => {
  const saved = await hyperv.add('saved', { disks: [MiB], state: 'Saved' });
  assert.equal((await shared(refOf(saved), 'scsi0:0', live())).capacity, MiB);
});

test('what nobody but Hyper-V can read is refused with what helps', async () => {
  const odd = await hyperv.add('odd', {
    on: false,
    disks: [
      { described: 'pass-through' },
      { described: { format: 'VHDSet', path: 'C:\\VMs\\odd\\set.vhds' } },
      { described: {}, facts: { shared: true } },
      { described: { unreadable: 'Der Pfad ist weg.' } },
      { described: { type: 'Differencing' } },
      { described: { path: '\\\\.\\PhysicalDrive3' } },
      { described: { path: '\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\a.vhdx' } },
      { described: { path: '\\\\SOFS\\VMs\\a.vhd', format: 'VHD' } },
    ],
  });
  for (const [at, said] of [
    /is a whole disk of the host/,
    /is a VHD Set/,
    /is a shared VHDX/,
    /cannot be opened by the host: .*Der Pfad ist weg/,
    /lacks the parent/,
    /no path of a file/,
    /no share leads there/,
  ].entries()) {
    const opened = connection.openDisk(refOf(odd), `scsi0:${at}`, live());
    await assert.rejects(opened, { code: 'disk-unreachable', message: said });
  }
  const vhd = await shared(refOf(odd), 'scsi0:7', live());
  assert.deepEqual(vhd.layers, [{ format: 'vhd', file: { kind: 'smb', server: 'sofs', share: 'vms', path: 'a.vhd' } }]);
  assert.equal(vhd.tracking, undefined, 'changes of a VHD are not counted');
});

test('who reads the shares is asked for apart from the host, once', async () => {
  let asked = 0;
  const shareCredentials = async () => {
    asked += 1;
    return { user: 'reader', password: 'x' };
  };
  await using mapped = await open(hyperv, { shareCredentials });
  assert.deepEqual(await mapped.access?.credentials?.(), { user: 'reader', password: 'x' });
  assert.deepEqual(await mapped.access?.credentials?.(), { user: 'reader', password: 'x' });
  assert.equal(asked, 1);
  assert.deepEqual(await connection.access?.credentials?.(), { user: hyperv.username, password: hyperv.password });
});
