import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startVcenter } from '../../peers/vcenter.ts';
import { connectTo, live, simulate, vmNamed } from './simulator.ts';

/** Ids that the simulator, as every vCenter, has for these. */
const VSAN = 'aa6d5a82-1c88-45da-85d3-3d74b91a5bad';
const VVOL = 'f4e5bade-15a2-4805-bf8e-52318c4ce443';
const NAME = 'DC0_H0_VM0';

test('storage policies of VMs and disks are told by name, and never in the way', async (t) => {
  const server = await startVcenter({ vms: 2, clusters: 0 });
  t.after(async () => await server[Symbol.asyncDispose]());
  await using connection = await connectTo(server);
  const { ref } = await vmNamed(connection, NAME);
  const { vm, disks } = await server.guest(NAME);
  server.assignPolicy(ref.id, VSAN);
  server.assignPolicy(`${vm}:${disks[0]?.key}`, VVOL);

  async function told(): Promise<readonly (string | undefined)[]> {
    const found = await vmNamed(connection, NAME);
    return [found.placement?.storagePolicy, found.disks[0]?.storagePolicy];
  }

  await t.test('each has its own', async () => {
    assert.deepEqual(await told(), ['vSAN Default Storage Policy', 'VVol No Requirements Policy']);
    assert.equal((await vmNamed(connection, 'DC0_H0_VM1')).placement?.storagePolicy, undefined);
  });

  await t.test('a session that ends is renewed there too', async () => {
    server.script({ match: ({ operation }) => operation === 'PbmQueryAssociatedProfiles', fault: { kind: 'expire' } });
    assert.deepEqual(await told(), ['vSAN Default Storage Policy', 'VVol No Requirements Policy']);
    server.clearFaults();
  });

  await t.test('one lost answer loses nothing', async () => {
    server.script({ match: ({ path }) => path === '/pbm', fault: { kind: 'reset' } });
    assert.deepEqual(await told(), ['vSAN Default Storage Policy', 'VVol No Requirements Policy']);
    server.clearFaults();
  });

  for (const trouble of ['forbidden', 'away'] as const) {
    await t.test(`a service that is ${trouble} leaves them unknown`, async () => {
      server.spoilPolicies(trouble);
      assert.deepEqual(await told(), [undefined, undefined]);
      server.spoilPolicies(undefined);
    });
  }
});

test('custom attributes and tags are those that the simulator keeps', async (t) => {
  const { server, connection } = await simulate(t, { vms: 1, clusters: 0 });
  const vm = `/DC0/vm/${NAME}`;
  await server.govc(['fields.add', 'Owner']);
  await server.govc(['fields.add', 'Kosten stelle']);
  await server.govc(['fields.set', 'Owner', 'jane & joe', vm]);
  await server.govc(['tags.category.create', '-m', 'Stufe']);
  await server.govc(['tags.category.create', 'Region']);
  await server.govc(['tags.create', '-c', 'Stufe', 'prod']);
  await server.govc(['tags.create', '-c', 'Region', 'eu west']);
  await server.govc(['tags.create', '-c', 'Region', 'unused']);
  await server.govc(['tags.attach', '-c', 'Stufe', 'prod', vm]);
  await server.govc(['tags.attach', '-c', 'Region', 'eu west', vm]);
  const found = await vmNamed(connection, NAME);
  assert.deepEqual(found.attributes, { Owner: 'jane & joe' });
  assert.deepEqual(found.tags, [
    { name: 'eu west', category: 'Region' },
    { name: 'prod', category: 'Stufe' },
  ]);
  assert.equal(found.placement?.storagePolicy, undefined);
  assert.ok((await Array.fromAsync(connection.vms(live()))).length > 0);
});
