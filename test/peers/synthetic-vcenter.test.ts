import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from './collect.ts';
import { startSyntheticVcenter } from './synthetic-vcenter.ts';
import { TinyClient } from './vcenter/client.ts';
import { startVcsim } from './vcsim.ts';

const PROPERTIES = [
  ...[
    'name',
    'parent',
    'resourcePool',
    'snapshot',
    'datastore',
    'network',
    'config.uuid',
    'config.instanceUuid',
    'config.annotation',
  ],
  ...[
    'config.version',
    'config.guestId',
    'config.template',
    'config.firmware',
    'config.changeTrackingEnabled',
    'config.bootOptions',
  ],
  ...['config.hardware.numCPU', 'config.hardware.numCoresPerSocket', 'config.hardware.memoryMB', 'config.hardware.device'],
  ...[
    'config.extraConfig',
    'config.files',
    'runtime.host',
    'runtime.powerState',
    'runtime.connectionState',
    'runtime.consolidationNeeded',
  ],
  ...['guest.net', 'guest.disk', 'guest.hostName', 'guest.toolsRunningStatus', 'summary.config.guestFullName'],
];

test('govmomi reads every synthetic VM page by page into its typed structs', async () => {
  await using server = await startSyntheticVcenter(1203);
  const collected = await collect(server, PROPERTIES);
  assert.equal(collected.vms, 1203);
  assert.equal(collected.pages, 3);
  // 13 devices, two more disks on every fourth VM and one more NIC on every fourth.
  assert.equal(collected.devices, 1203 * 13 + 301 * 2 + 300);
});

test('a synthetic VM is about as long as a real one', async () => {
  await using server = await startSyntheticVcenter(100);
  const client = new TinyClient(server);
  await client.login();
  const xml = await client.read({ type: 'VirtualMachine', id: 'any' }, ...PROPERTIES);
  assert.ok(Math.abs(xml.length / 100 - 12_000) < 1000, `${xml.length / 100} characters a VM`);
  assert.equal(new Set(xml.match(/<macAddress>[^<]*/g)).size, 100 + 25);
});

test('everything comes as updates first, then one changed VM a wait', async () => {
  await using server = await startSyntheticVcenter(50);
  const client = new TinyClient(server);
  await client.login();
  await client.filter({ type: 'VirtualMachine', id: 'any' }, 'name');
  const all = await client.wait('');
  assert.equal(all.text.match(/<kind>enter</g)?.length, 50);
  assert.doesNotMatch(all.text, /<truncated>/);
  const change = await client.wait(all.version);
  assert.equal(change.text.match(/<objectSet>/g)?.length, 1);
  assert.match(change.text, /<kind>modify<.*runtime\.powerState/);
});

test('the peer of the benchmark reads the simulator as well', async () => {
  await using vcsim = await startVcsim({ vms: 20 });
  const { vms, pages } = await collect(vcsim, PROPERTIES, { page: 15, keep: true });
  assert.deepEqual({ vms, pages }, { vms: 40, pages: 3 });
});
