import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { TinyClient } from './vcenter/client.ts';
import type { SimulatedDisk } from './vcenter/disk.ts';
import type { GuestOptions, SimulatedGuest } from './vcenter/guest.ts';
import type { Reference } from './vcenter/soap.ts';
import { startVcenter, type Vcenter } from './vcenter.ts';

const SNAPSHOT = '<name>round</name><memory>false</memory><quiesce>false</quiesce>';
const FLAT = '/folder/DC0_H0_VM0/disk1-flat.vmdk?dcPath=DC0&dsName=LocalDS_0';
const MiB = 1024 * 1024;

let vcenter: Vcenter;
let client: TinyClient;

before(async () => {
  vcenter = await startVcenter({
    vms: 1,
    areasPerAnswer: 3,
    leaseTimeout: 300,
    slow: { ConsolidateVMDisks_Task: 20 },
    domains: ['vsphere.local'],
  });
});
beforeEach(async () => {
  vcenter.clearFaults();
  client = new TinyClient(vcenter);
  await client.login();
});
after(() => vcenter[Symbol.asyncDispose]());

async function newGuest(options: GuestOptions = {}): Promise<{ guest: SimulatedGuest; vm: Reference; disk: SimulatedDisk }> {
  const guest = await vcenter.guest('DC0_H0_VM0', { capacity: 2 * MiB, tracked: true, ...options });
  const [disk] = guest.disks;
  assert.ok(disk);
  return { guest, vm: { type: 'VirtualMachine', id: guest.vm }, disk };
}

async function areas(vm: Reference, disk: SimulatedDisk, snapshot: string, since: string): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for (let start = 0; start < disk.capacity; ) {
    const inner = `<snapshot type="VirtualMachineSnapshot">${snapshot}</snapshot><deviceKey>${disk.key}</deviceKey><startOffset>${start}</startOffset><changeId>${since}</changeId>`;
    const text = await client.call('QueryChangedDiskAreas', vm, inner);
    for (const [, at, length] of text.matchAll(/<start>(\d+)<\/start><length>(\d+)/g)) found.push([Number(at), Number(length)]);
    start += Number(/<length>(\d+)/.exec(text)?.[1]);
  }
  return found;
}

async function changeIdOf(snapshot: string): Promise<string> {
  const xml = await client.read({ type: 'VirtualMachineSnapshot', id: snapshot }, 'config.hardware.device');
  return /<changeId>([^<]*)/.exec(xml)?.[1] ?? '';
}

test('over the wire, the base and three rounds of changes give the disk of a guest that kept writing', async () => {
  const { guest, vm, disk } = await newGuest({ seed: 11 });
  const target = Buffer.alloc(disk.capacity);
  let since = '*';
  using _writing = guest.keepWriting();
  for (let round = 0; round < 3; round += 1) {
    guest.writeSome(5);
    const snapshot = await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
    const truth = disk.frozen(snapshot);
    for (const [start, length] of await areas(vm, disk, snapshot, since)) {
      const reply = await client.http(FLAT, { headers: { range: `bytes=${start}-${start + length - 1}` } });
      assert.equal(reply.status, 206);
      assert.equal(reply.headers['content-range'], `bytes ${start}-${start + length - 1}/${disk.capacity}`);
      reply.body.copy(target, start);
    }
    assert.ok(truth && target.equals(truth), `round ${round}`);
    since = await changeIdOf(snapshot);
    await client.run(
      'RemoveSnapshot_Task',
      { type: 'VirtualMachineSnapshot', id: snapshot },
      '<removeChildren>false</removeChildren>',
    );
  }
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
});

test('the flat file of a running VM is locked, and frozen while a snapshot exists', async () => {
  const { guest, vm, disk } = await newGuest();
  assert.equal((await client.http(FLAT)).status, 500);
  const before = disk.content();
  const snapshot = await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  guest.writeSome(5);
  assert.ok((await client.http(FLAT)).body.equals(before));
  assert.match(
    await client.read(vm, 'config.hardware.device'),
    /<fileName>\[LocalDS_0\] DC0_H0_VM0\/disk1-000001\.vmdk<.*<parent [^>]*><fileName>\[LocalDS_0\] DC0_H0_VM0\/disk1\.vmdk</,
  );
  assert.equal((await client.http(FLAT.replace('-flat', '-000001-sesparse'))).status, 500);
  await client.run(
    'RemoveSnapshot_Task',
    { type: 'VirtualMachineSnapshot', id: snapshot },
    '<removeChildren>false</removeChildren>',
  );
  assert.equal((await client.http(FLAT)).status, 500);
});

test('files want a session', async () => {
  await newGuest();
  const reply = await new TinyClient(vcenter).http(FLAT);
  assert.equal(reply.status, 401);
});

test('changed areas are refused as servers refuse them', async () => {
  const { vm, disk } = await newGuest();
  const snapshot = await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  const ask = (start: number, since: string) =>
    client.call(
      'QueryChangedDiskAreas',
      vm,
      `<snapshot type="VirtualMachineSnapshot">${snapshot}</snapshot><deviceKey>${disk.key}</deviceKey><startOffset>${start}</startOffset><changeId>${since}</changeId>`,
    );
  await assert.rejects(ask(disk.capacity, '*'), {
    message: 'InvalidArgument: A specified parameter was not correct: startOffset',
  });
  await assert.rejects(ask(0, 'rubbish'), { message: 'InvalidArgument: A specified parameter was not correct: changeId' });
  const changeId = await changeIdOf(snapshot);
  await assert.rejects(
    ask(0, changeId.replace(/\d+$/, '99')),
    /^Error: FileFault: Error caused by file \/vmfs\/volumes\/LocalDS_0/,
  );
  await client.run(
    'RemoveSnapshot_Task',
    { type: 'VirtualMachineSnapshot', id: snapshot },
    '<removeChildren>false</removeChildren>',
  );
  await assert.rejects(ask(0, '*'), /ManagedObjectNotFound/);
});

test('tracking begins with the first stun after it was asked for', async () => {
  const { vm } = await newGuest({ tracked: false });
  await client.run('ReconfigVM_Task', vm, '<spec><changeTrackingEnabled>true</changeTrackingEnabled></spec>');
  const first = await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  assert.equal(await changeIdOf(first), '');
  await client.run('RemoveAllSnapshots_Task', vm);
  const second = await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  assert.match(await changeIdOf(second), /^52 .*\/1$/);
  await client.run('RemoveAllSnapshots_Task', vm);
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
});

test('a removal that cannot merge asks for consolidation, which then takes its time', async () => {
  const { vm, guest } = await newGuest();
  await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  vcenter.failConsolidation(guest.vm);
  await client.run('RemoveAllSnapshots_Task', vm);
  assert.match(await client.read(vm, 'runtime.consolidationNeeded'), /<val [^>]*>true</);
  await client.run('ConsolidateVMDisks_Task', vm);
  assert.match(await client.read(vm, 'runtime.consolidationNeeded'), /<val [^>]*>false</);
});

test('a quiesced snapshot of a guest that cannot quiesce fails as a task', async () => {
  const { vm } = await newGuest({ quiesces: false });
  await assert.rejects(
    client.run('CreateSnapshot_Task', vm, SNAPSHOT.replace('<quiesce>false', '<quiesce>true')),
    /ApplicationQuiesceFault/,
  );
  await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  await client.run('RemoveAllSnapshots_Task', vm);
});

test('a guest without tools cannot be shut down, one with tools goes off after its last writes', async () => {
  const silent = await newGuest({ tools: false });
  await assert.rejects(client.call('ShutdownGuest', silent.vm), /ToolsUnavailable/);
  const { vm, disk } = await newGuest({ shutdown: 10 });
  const before = disk.content();
  await client.filter(vm, 'runtime.powerState');
  let { version, text } = await client.wait('');
  assert.match(text, />poweredOn</);
  await client.call('ShutdownGuest', vm);
  while (!text.includes('>poweredOff<')) ({ version, text } = await client.wait(version, 10));
  assert.ok(!disk.content().equals(before));
  assert.ok((await client.http(FLAT)).body.equals(disk.content()));
  await client.run('PowerOnVM_Task', vm);
});

test('a VM is exported only when off, and qemu-img reads its bytes back from the lease', async () => {
  const { vm, disk } = await newGuest();
  await assert.rejects(client.call('ExportVm', vm), /InvalidPowerState/);
  await client.run('PowerOffVM_Task', vm);
  const lease = { type: 'HttpNfcLease', id: /<returnval[^>]*>([^<]*)/.exec(await client.call('ExportVm', vm))?.[1] ?? '' };
  await assert.rejects(client.run('PowerOnVM_Task', vm), /TaskInProgress/);
  const info = await client.read(lease, 'state', 'info');
  assert.ok(info.includes(`<sslThumbprint>${vcenter.thumbprint.sha1}<`));
  const url = /<url>([^<]*)/.exec(info)?.[1] ?? '';
  assert.ok(url.startsWith(`https://127.0.0.1:${vcenter.port}/`));
  const { body } = await client.http(new URL(url).pathname);
  await client.call('HttpNfcLeaseComplete', lease);
  assert.deepEqual(vcenter.ledger.openLeases, []);
  assert.ok((await raw(body)).equals(disk.content()));
  assert.doesNotMatch(await client.read(vm, 'snapshot'), /<val/);
  await client.run('PowerOnVM_Task', vm);
});

test('a session that expired says so, and its views are gone', async () => {
  const { vm } = await newGuest();
  vcenter.script({ match: ({ operation }) => operation === 'RetrievePropertiesEx', nth: 2, fault: { kind: 'expire' } });
  await client.read(vm, 'name');
  await assert.rejects(client.read(vm, 'name'), /NotAuthenticated/);
  await client.login();
  await client.read(vm, 'name');
});

test('versions of a stream advance, the last but one is answered again, others are refused', async () => {
  const { vm } = await newGuest();
  await client.filter(vm, 'name');
  const first = await client.wait('');
  await client.run('Rename_Task', vm, '<newName>other</newName>');
  const second = await client.wait(first.version, 5);
  assert.match(second.text, />other</);
  assert.notEqual(second.version, first.version);
  assert.equal((await client.wait(first.version)).text, second.text);
  await assert.rejects(client.wait('77'), /InvalidCollectorVersion/);
  await client.run('Rename_Task', vm, '<newName>DC0_H0_VM0</newName>');
});

test('five wrong passwords lock the account', async () => {
  const stranger = new TinyClient(vcenter);
  for (let tried = 0; tried < 5; tried += 1) await assert.rejects(stranger.login('wrong'), /incorrect user name or password/);
  await assert.rejects(stranger.login(), /locked/);
  vcenter.unlockAccount(vcenter.username);
  await stranger.login();
  await stranger.logout();
  await assert.rejects(stranger.login(vcenter.password, 'administrator@example.com'), /incorrect user name or password/);
});

test('a restart refuses for a while and forgets every session', async () => {
  await vcenter.restart(1);
  const next = new TinyClient(vcenter);
  await assert.rejects(next.login(), /HTTP 503/);
  await next.login();
  assert.equal(vcenter.ledger.openSessions.length, 1);
  await next.logout();
  assert.deepEqual(vcenter.ledger.openSessions, []);
});

test('answers break on the way as ordered, and the request may have been heard all the same', async () => {
  const { vm } = await newGuest();
  const { length } = vcenter.ledger.snapshots;
  const match = ({ operation }: { readonly operation: string }) => operation === 'CreateSnapshot_Task';
  vcenter.script({ match, fault: { kind: 'reset' } });
  vcenter.script({ match, nth: 2, fault: { kind: 'reset', after: true } });
  vcenter.script({ match, nth: 3, fault: { kind: 'html' } });
  vcenter.script({ match, nth: 4, fault: { kind: 'wrong-length', over: true } });
  vcenter.script({ match, nth: 5, fault: { kind: 'truncate' } });
  const create = () => client.call('CreateSnapshot_Task', vm, SNAPSHOT);
  await assert.rejects(create(), /socket hang up|ECONNRESET/);
  assert.equal(vcenter.ledger.snapshots.length, length);
  await assert.rejects(create(), /socket hang up|ECONNRESET/);
  assert.equal(vcenter.ledger.snapshots.length, length + 1);
  await assert.rejects(create(), /HTTP 502/);
  await assert.rejects(create(), /aborted|ECONNRESET/);
  assert.ok(!(await create()).includes('</soapenv:Envelope>'));
  assert.equal(vcenter.ledger.struck.length >= 5, true);
  await client.run('RemoveAllSnapshots_Task', vm);
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
});

test('govc works through the stand-in', async () => {
  await newGuest();
  await vcenter.govc(['snapshot.create', '-vm', 'DC0_H0_VM0', '-m=false', '-q=false', 'by-govc']);
  assert.match(await vcenter.govc(['snapshot.tree', '-vm', 'DC0_H0_VM0']), /by-govc/);
  await vcenter.govc(['snapshot.remove', '-vm', 'DC0_H0_VM0', '*']);
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
  await vcenter.govc(['tags.category.create', 'tier']);
  const rest = vcenter.ledger.sessions.filter(({ kind }) => kind === 'rest');
  assert.deepEqual(
    rest.map(({ state }) => state),
    ['closed'],
  );
});

async function raw(vmdk: Buffer): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-lease-test-'));
  try {
    await writeFile(join(folder, 'a.vmdk'), vmdk);
    await promisify(execFile)('qemu-img', ['convert', '-f', 'vmdk', '-O', 'raw', join(folder, 'a.vmdk'), join(folder, 'raw')]);
    return await readFile(join(folder, 'raw'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
