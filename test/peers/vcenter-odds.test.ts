/** The stand-in as a less friendly server: slow, short of patience, without allocation maps. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { TinyClient } from './vcenter/client.ts';
import type { Fault } from './vcenter/faults.ts';
import type { Reference } from './vcenter/soap.ts';
import { startVcenter, type Vcenter } from './vcenter.ts';

const SNAPSHOT = '<name>round</name><memory>false</memory><quiesce>false</quiesce>';

let vcenter: Vcenter;
let client: TinyClient;

before(async () => {
  vcenter = await startVcenter({
    vms: 1,
    esx: true,
    leaseTimeout: 0.15,
    maxSessions: 2,
    allocation: 'whole-disk',
    untracked: 'start-offset',
    lockedStatus: 404,
    ignoreRange: true,
    slow: { RemoveAllSnapshots_Task: 60 },
  });
});
beforeEach(async () => {
  await vcenter.restart();
  vcenter.clearFaults();
  client = new TinyClient(vcenter);
  await client.login();
});
after(() => vcenter[Symbol.asyncDispose]());

async function off(vm: Reference): Promise<void> {
  if ((await client.read(vm, 'runtime.powerState')).includes('>poweredOn<')) await client.run('PowerOffVM_Task', vm);
}

async function newVm(tracked = true): Promise<Reference & { readonly key: number; readonly capacity: number }> {
  const guest = await vcenter.guest('ha-host_VM0', { capacity: 1024 * 1024, tracked });
  const { key, capacity } = guest.disks[0] ?? { key: 0, capacity: 0 };
  return { type: 'VirtualMachine', id: guest.vm, key, capacity };
}

test('a lease that nobody renews ends, and its files with it', async () => {
  const vm = await newVm();
  await off(vm);
  const lease = { type: 'HttpNfcLease', id: /<returnval[^>]*>([^<]*)/.exec(await client.call('ExportVm', vm))?.[1] ?? '' };
  const url = /<url>([^<]*)/.exec(await client.read(lease, 'info'))?.[1] ?? '';
  assert.ok(url.startsWith('https://*/nfc/'), 'a standalone host says * where it means itself');
  const path = url.slice('https://*'.length);
  while (vcenter.ledger.openLeases.length > 0) await client.read(lease, 'state');
  assert.match(await client.read(lease, 'state'), />error</);
  await assert.rejects(client.call('HttpNfcLeaseProgress', lease, '<percent>60</percent>'), /Timedout/);
  assert.equal((await client.http(path)).status, 404);
});

test('a slow task runs for a while before its effect and its end are seen', async () => {
  const vm = await newVm();
  await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  const task = { type: 'Task', id: /<returnval[^>]*>([^<]*)/.exec(await client.call('RemoveAllSnapshots_Task', vm))?.[1] ?? '' };
  assert.match(await client.read(task, 'info'), /<state>running<\/state>/);
  assert.match(await client.read(task, 'info.state'), />running</);
  assert.equal(vcenter.ledger.openSnapshots.length, 1);
  await client.filter(task, 'info.state');
  assert.match((await client.wait('', 5)).text, />success</);
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
});

test('without an allocation map all is allocated, and untracked disks complain about the offset', async () => {
  const vm = await newVm();
  const ask = (snapshot: string) =>
    client.call(
      'QueryChangedDiskAreas',
      vm,
      `<snapshot type="VirtualMachineSnapshot">${snapshot}</snapshot><deviceKey>${vm.key}</deviceKey><startOffset>0</startOffset><changeId>*</changeId>`,
    );
  const text = await ask(await client.run('CreateSnapshot_Task', vm, SNAPSHOT));
  assert.ok(text.includes(`<changedArea><start>0</start><length>${vm.capacity}</length></changedArea>`));
  await client.run('RemoveAllSnapshots_Task', vm);
  await newVm(false);
  await client.run('ReconfigVM_Task', vm, '<spec><changeTrackingEnabled>false</changeTrackingEnabled></spec>');
  const untracked = await client.run('CreateSnapshot_Task', vm, SNAPSHOT);
  await assert.rejects(ask(untracked), /not correct: startOffset/);
  await client.run('RemoveAllSnapshots_Task', vm);
});

test('a server that ignores Range sends everything, and a locked file may not be found', async () => {
  const vm = await newVm();
  await off(vm);
  const path = '/folder/ha-host_VM0/disk1-flat.vmdk?dcPath=ha-datacenter&dsName=LocalDS_0';
  const reply = await client.http(path, { headers: { range: 'bytes=0-511' } });
  assert.equal(reply.status, 200);
  assert.equal(reply.body.length, vm.capacity);
  await client.run('PowerOnVM_Task', vm);
  assert.equal((await client.http(path)).status, 404);
});

test('more sessions than allowed are refused', async () => {
  const others = [new TinyClient(vcenter), new TinyClient(vcenter)];
  await others[0]?.login();
  await assert.rejects(async () => others[1]?.login(), /HTTP 503/);
  await others[0]?.logout();
  await others[1]?.login();
  assert.equal(vcenter.ledger.openSessions.length, 2);
});

test('a stalled body never ends', async () => {
  vcenter.script({ match: ({ path }) => path === '/about', fault: { kind: 'stall' } });
  await assert.rejects(client.http('/about', { signal: AbortSignal.timeout(300) }), /abort/);
  assert.equal((await client.http('/about')).status, 200);
});

test('in bad weather the ledger and the disks stay in step with the simulator', async () => {
  const guest = await vcenter.guest('ha-host_VM0', { capacity: 64 * 1024, tracked: true });
  const vm = { type: 'VirtualMachine', id: guest.vm };
  const faults: readonly Fault[] = [
    { kind: 'reset' },
    { kind: 'reset', after: true },
    { kind: 'status', status: 503 },
    { kind: 'truncate' },
    { kind: 'wrong-length', over: true },
    { kind: 'soap', type: 'HostCommunication', message: 'Unable to communicate with the remote host.' },
  ];
  vcenter.roll({ seed: 42, share: 0.5, faults, match: ({ operation }) => operation.endsWith('_Task') });
  const trouble: string[] = [];
  for (let round = 0; round < 30; round += 1) {
    await client.call('CreateSnapshot_Task', vm, SNAPSHOT).catch((error: Error) => trouble.push(error.message));
  }
  vcenter.clearFaults();
  const { length } = (await client.read(vm, 'snapshot')).match(/<snapshot type=/g) ?? [];
  assert.ok(trouble.length > 5 && (length ?? 0) > 5, `${trouble.length} troubles, ${length} snapshots`);
  assert.equal(vcenter.ledger.openSnapshots.length, length);
  assert.equal(guest.disks[0]?.chain.length, (length ?? 0) + 1);
  await client.run('RemoveAllSnapshots_Task', vm);
  assert.deepEqual(vcenter.ledger.openSnapshots, []);
  assert.equal(guest.disks[0]?.chain.length, 1);
});

test('a session that ends while it waits for updates is told so', async () => {
  const vm = await newVm();
  await client.filter(vm, 'name');
  const { version } = await client.wait('');
  const waiting = client.wait(version, 20);
  const rejected = assert.rejects(waiting, /NotAuthenticated/);
  while (vcenter.ledger.requests.at(-1) !== 'WaitForUpdatesEx') await new Promise((resolve) => setImmediate(resolve));
  await vcenter.expireSessions();
  await rejected;
});
