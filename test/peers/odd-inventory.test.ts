import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CHANGE_ID } from './odd/vms.ts';
import { ODD_NAMES, saveOddInventory } from './odd-inventory.ts';
import { TinyClient } from './vcenter/client.ts';
import { startVcsim, type Vcsim } from './vcsim.ts';

let folder: string;
let vcsim: Vcsim;
let client: TinyClient;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeferry-odd-'));
  await saveOddInventory(join(folder, 'inventory'));
  vcsim = await startVcsim({ load: join(folder, 'inventory') });
  client = new TinyClient(vcsim);
  await client.login();
});
after(async () => {
  await vcsim[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function devices(name: string): Promise<string> {
  const refs = await vcsim.govc(['find', '-i', '-type', 'm', '/', '-name', name]);
  const id = /VirtualMachine:(\S+)/.exec(refs)?.[1] ?? '';
  return client.read({ type: 'VirtualMachine', id }, 'config.hardware.device');
}

function count(xml: string, type: RegExp): number {
  return xml.match(new RegExp(`<VirtualDevice \\S+:type="${type.source}"`, 'g'))?.length ?? 0;
}

test('every odd VM is loaded under its name', async () => {
  const found = await vcsim.govc(['find', '-type', 'm']);
  for (const name of ODD_NAMES) assert.ok(found.includes(`/${name}\n`), name);
});

test('the simulator has the odd devices as what they are', async () => {
  assert.equal(count(await devices('nvme'), /VirtualNVMEController/), 1);
  assert.equal(count(await devices('vtpm'), /VirtualTPM/), 1);
  assert.match(await devices('vgpu'), /<vgpu>grid_a100-10c</);
  assert.match(await devices('pci-passthrough'), /<id>0000:3b:00\.0</);
  assert.match(await devices('sriov'), /<sriovBacking><physicalFunctionBacking>/);
  assert.equal(count(await devices('sixty-disks'), /VirtualDisk/), 60);
  assert.equal(count(await devices('ten-nics'), /Virtual(?:Vmxnet3|E1000)/), 10);
  assert.match(await devices('rdm-physical'), /<compatibilityMode>physicalMode</);
  assert.match(await devices('rdm-virtual'), /<compatibilityMode>virtualMode</);
  assert.match(await devices('shared-a'), /<sharing>sharingMultiWriter</);
  assert.ok((await devices('tracked')).includes(`<changeId>${CHANGE_ID}<`));
  assert.match(await devices('encrypted'), /<keyId><keyId>3f2504e0/);
});

test('the network is as odd as the machines', async () => {
  const vlans = await vcsim.govc([
    'object.collect',
    '-json',
    '-type',
    'DistributedVirtualPortgroup',
    '/',
    'config.defaultPortConfig',
  ]);
  assert.match(vlans, /"start": 100,\s*"end": 4000/);
  assert.match(vlans, /"pvlanId": 155/);
  assert.match(await devices('on-nsx-segment'), /VirtualEthernetCardOpaqueNetworkBackingInfo/);
});
