import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { ConnectOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { createCopier } from '../../src/wire.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { nbdkitFolder, stubVddk } from '../peers/vddk.ts';
import { scratch } from '../transfer/fixture.ts';
import { kubeferry } from './session.ts';

/** What `connect` is asked for, which then fails. */
async function asked(
  ...args: readonly string[]
): Promise<Pick<ConnectOptions, 'transport'> & { readonly code: number; readonly err: string }> {
  let options: ConnectOptions | undefined;
  const connect = async (_: string, given: ConnectOptions): Promise<never> => {
    options = given;
    throw new MigrationError('source-unreachable', 'Nobody is there.');
  };
  const { code, err } = await kubeferry(['migrate', '--guest', 'none', 'vsphere://me@vc.example', '--to', '/nowhere', ...args], {
    services: { connect },
  });
  return { code, err, ...(options?.transport !== undefined && { transport: options.transport }) };
}

test('a VDDK folder asks for that way to the disks, and another way overrules it', async () => {
  assert.equal((await asked('--vddk-libdir', '/opt/vddk')).transport, 'vddk');
  assert.equal((await asked('--vddk-libdir', '/opt/vddk', '--transport', 'lease')).transport, 'lease');
  assert.equal((await asked()).transport, undefined);
});

test('VDDK without its folder, and ways that do not exist, are mistakes of usage', async () => {
  const { code, err } = await asked('--transport', 'vddk');
  assert.equal(code, 2);
  assert.match(err, /--vddk-libdir/);
  assert.equal((await asked('--transport', 'pigeon')).code, 2);
});

test('the doctor tells whether the library can be loaded', async (t) => {
  const known = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = known;
  });
  process.env['PATH'] = `${await nbdkitFolder()}${path.delimiter}${known}`;
  await using stub = await stubVddk({ server: '', thumbprint: '', user: '', password: '', vm: '', file: '' });
  const services = { diagnose: async function* () {} };
  const fine = await kubeferry(['doctor', 'vsphere://me@vc.example', '--vddk-libdir', stub.folder], { services });
  assert.deepEqual([fine.code, fine.err], [0, '']);
  assert.match(fine.out, /^ok +VDDK library: nbdkit loads version 8, which knows file:nbdssl:nbd$/m);
  const missing = await kubeferry(['doctor', 'vsphere://me@vc.example', '--vddk-libdir', '/usr/share'], { services });
  assert.equal(missing.code, 3);
  assert.match(missing.out, /^FAILED +VDDK library: There is no libvixDiskLib\.so\.N/m);
});

test('what copies the disks is told the folder', async () => {
  await using place = await scratch();
  const folders: (string | undefined)[] = [];
  const copier: typeof createCopier = (bandwidth, folder) => {
    folders.push(folder);
    return createCopier(bandwidth, folder);
  };
  const ova = await buildGuest(place.folder);
  const args = ['migrate', '--guest', 'none', ova, '--to', place.path('out'), '--vddk-libdir', '/opt/vddk'];
  assert.equal((await kubeferry(args, { services: { copier } })).code, 0);
  assert.deepEqual(folders, ['/opt/vddk']);
});
