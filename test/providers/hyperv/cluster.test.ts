import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../../../src/contracts/provider.ts';
import { type Hyperv, type HypervOptions, startHyperv } from '../../peers/hyperv.ts';
import { live, open, refOf } from './simulated.ts';

const MiB = 1024 * 1024;
const off = { on: false, disks: [MiB] };
const THREE = { hosts: ['HV1', 'HV2', 'HV3'], cluster: 'CL1' };

async function ground(vms: HypervOptions['vms'], options: HypervOptions = THREE) {
  const hyperv = await startHyperv({ ...options, ...(vms !== undefined && { vms }) });
  const connection = await open(hyperv);
  return {
    hyperv,
    connection,
    [Symbol.asyncDispose]: async () => {
      await connection[Symbol.asyncDispose]();
      await hyperv[Symbol.asyncDispose]();
    },
  };
}

/** What is told, and what ends it. */
async function told(connection: Connection, wants?: (name: string) => boolean) {
  const names: string[] = [];
  const hint = wants === undefined ? undefined : { wants: ({ name }: { readonly name: string }) => wants(name) };
  try {
    for await (const { name } of connection.vms(live(), hint)) names.push(name);
    return { names };
  } catch (error) {
    return { names, failure: error as Error & { readonly code?: string } };
  }
}

function down(hyperv: Hyperv, name: string): Promise<void> {
  const node = hyperv.nodes.find((candidate) => candidate.name === name) ?? assert.fail();
  node.state = 'Down';
  return hyperv.kill(name);
}

test('all nodes tell their VMs, whichever of them is named, and a host that stands alone only its own', async () => {
  const vms = {
    c: { ...off, host: 'HV1' },
    a: { ...off, host: 'HV2' },
    b: { ...off, host: 'HV2' },
    d: { ...off, host: 'HV3', clustered: false },
  };
  await using cluster = await ground(vms);
  assert.deepEqual((await told(cluster.connection)).names, ['c', 'a', 'b', 'd']);
  assert.deepEqual((await told(cluster.connection, (name) => name < 'c')).names, ['a', 'b']);
  const { hosts } = await cluster.connection.surroundings(live());
  assert.deepEqual(hosts.map(({ id }) => id).sort(), ['HV1', 'HV2', 'HV3']);
  await using blind = await ground(vms, { ...THREE, clusterReadable: false });
  assert.deepEqual((await told(blind.connection)).names, ['c']);
});

test('a node that is down costs only the VMs that are nowhere else, and only whoever wants them is told', async () => {
  await using cluster = await ground({
    a: { ...off, host: 'HV1' },
    b: { ...off, host: 'HV2' },
    c: { ...off, host: 'HV3' },
    d: { ...off, host: 'HV2', clustered: false },
  });
  const { hyperv, connection } = cluster;
  await down(hyperv, 'HV2');
  const { names, failure } = await told(connection);
  assert.deepEqual(names, ['a', 'c']);
  assert.equal(failure?.code, 'source-unreachable');
  assert.match(failure?.message ?? '', /VM b is on node HV2, which is down/);
  assert.deepEqual(await told(connection, (name) => name !== 'b'), { names: ['a', 'c'] });
  await assert.rejects(async () => await connection.vm?.(refOf(hyperv.vm('b')), live()), { code: 'source-unreachable' });
  // The cluster starts it elsewhere.
  hyperv.vm('b').node = 'HV3';
  assert.deepEqual(await told(connection), { names: ['a', 'b', 'c'] });
  const { hosts } = await connection.surroundings(live());
  assert.equal(hosts.find(({ id }) => id === 'HV2')?.connection, 'notResponding');
});

test('a node that is up and does not answer is told at the end, since nobody knows what is on it', async () => {
  await using cluster = await ground({ a: { ...off, host: 'HV1' }, b: { ...off, host: 'HV2' }, c: { ...off, host: 'HV3' } });
  await cluster.hyperv.kill('HV2');
  const { names, failure } = await told(cluster.connection);
  assert.deepEqual(names, ['a', 'c']);
  assert.equal(failure?.code, 'source-unreachable');
  await cluster.hyperv.revive('HV2');
  assert.deepEqual(await told(cluster.connection), { names: ['a', 'b', 'c'] });
});

test('the cluster is asked of another node when the one of the URL is down', async () => {
  await using cluster = await ground({ a: { ...off, host: 'HV2' }, b: { ...off, host: 'HV3' } });
  await down(cluster.hyperv, 'HV1');
  assert.deepEqual(await told(cluster.connection), { names: ['a', 'b'] });
  const db = cluster.hyperv.vm('b');
  db.node = 'HV2';
  assert.equal((await cluster.connection.vm?.(refOf(db), live()))?.placement?.host, 'HV2');
});

test('whatever is asked of a VM that moved is asked where it is now', async () => {
  await using cluster = await ground({
    web: { disks: [MiB], host: 'HV1' },
    lone: { disks: [MiB], host: 'HV3', clustered: false },
  });
  const { hyperv, connection } = cluster;
  const { power, snapshots, changes } = connection;
  const web = hyperv.vm('web');
  const ref = refOf(web);
  assert.equal(await power?.state(ref, live()), 'on');
  web.node = 'HV2';
  const made = await snapshots?.create(ref, { name: 'kubeferry web 1', quiesce: 'no' }, live());
  web.node = 'HV3';
  const disk = await connection.openDisk(ref, 'scsi0:0', live(), made?.id);
  assert.ok(disk.kind === 'shared-image');
  web.node = 'HV1';
  const settled = await snapshots?.settle?.(ref, made ?? assert.fail(), live());
  web.node = 'HV2';
  await changes?.forget?.(ref, Object.values(settled ?? {}), live());
  assert.equal(web.referencePoints.length, 0);
  await power?.powerOff(ref, live());
  assert.equal(web.state, 'Off');
  // One that is no role is found by asking every node.
  assert.equal(await power?.state(refOf(hyperv.vm('lone')), live()), 'on');
});

test('the shares of the node that coordinates a cluster volume lead to its files', async () => {
  const volumes = [
    { path: 'C:\\', kind: 'local' as const },
    { path: 'C:\\ClusterStorage\\Volume1\\', kind: 'csv' as const, owner: 'HV3' },
  ];
  await using cluster = await ground({ web: { ...off, host: 'HV2' } }, { ...THREE, volumes });
  const { hyperv, connection } = cluster;
  const server = async () => {
    const disk = await connection.openDisk(refOf(hyperv.vm('web')), 'scsi0:0', live());
    const file = disk.kind === 'shared-image' ? disk.layers[0].file : undefined;
    return file?.kind === 'smb' ? file.server : assert.fail();
  };
  assert.equal(await server(), '127.0.0.3');
  await using another = await open(hyperv);
  await hyperv.kill('HV3');
  const disk = await another.openDisk(refOf(hyperv.vm('web')), 'scsi0:0', live());
  assert.ok(disk.kind === 'shared-image' && disk.layers[0].file.kind === 'smb');
  assert.equal(disk.layers[0].file.server, '127.0.0.2', 'each node reaches the volume');
});

test('a thumbprint is that of one node, and whoever meets another is told so', async () => {
  const hyperv = await startHyperv({ ...THREE, vms: { web: { ...off, host: 'HV2' } } });
  await using _closing = hyperv;
  const { sha256 } = hyperv.certificate.thumbprint;
  await using pinned = await open(hyperv, { trust: { thumbprint: sha256 } });
  const asked = pinned.power?.state(refOf(hyperv.vm('web')), live());
  await assert.rejects(
    async () => await asked,
    (error: Error & { hint?: string; code?: string }) => {
      assert.equal(error.code, 'source-untrusted');
      assert.match(error.hint ?? '', /--ca-file/);
      return true;
    },
  );
});

test('a host without Hyper-V is refused at once', async () => {
  await using hyperv = await startHyperv({ hyperv: false });
  await assert.rejects(open(hyperv), { code: 'source-refused', message: /runs no Hyper-V/ });
  assert.equal(hyperv.ledger.openShells, 0);
});
