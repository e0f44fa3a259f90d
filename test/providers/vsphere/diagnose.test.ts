import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vsphereProvider } from '../../../providers/vsphere/index.ts';
import type { Check, ConnectOptions } from '../../../src/contracts/provider.ts';
import { selfSigned } from '../../peers/certificate.ts';
import { startVcenter } from '../../peers/vcenter.ts';
import type { ServerAddress } from '../../peers/vcsim.ts';
import { optionsFor, sourceOf } from './simulator.ts';

async function diagnosed(server: ServerAddress, transport?: ConnectOptions['transport']): Promise<ReadonlyMap<string, Check>> {
  const options = { ...optionsFor(server), ...(transport !== undefined && { transport }) };
  assert.ok(vsphereProvider.diagnose);
  const checks = await Array.fromAsync(vsphereProvider.diagnose(sourceOf(server), options));
  return new Map(checks.map((check) => [check.id, check]));
}

test('the doctor says what stops a migration and what only narrows it', async (t) => {
  const tls = selfSigned({ notAfter: new Date(Date.now() + 400 * 24 * 3600_000) });
  const server = await startVcenter({ vms: 3, clusters: 0, autostart: false, tls });
  t.after(async () => await server[Symbol.asyncDispose]());
  await server.guest('DC0_H0_VM0');
  const { vm } = await server.guest('DC0_H0_VM1');

  await t.test('a server that offers everything', async () => {
    const checks = await diagnosed(server);
    assert.deepEqual(
      [...checks.values()].filter(({ outcome }) => outcome !== 'ok').map(({ id, outcome }) => `${id} ${outcome}`),
      ['nfc skipped'],
    );
    assert.match(checks.get('certificate')?.finding ?? '', /valid until \d{4}-\d\d-\d\d/);
    assert.match(checks.get('privileges')?.finding ?? '', /all are granted on the 3 VMs and 1 datastores/);
  });

  await t.test('an export that is not allowed leaves the ranges: a warning', async () => {
    server.denyPrivilege('VApp.Export');
    const privileges = (await diagnosed(server)).get('privileges');
    assert.equal(privileges?.outcome, 'warning');
    assert.match(privileges?.finding ?? '', /VApp\.Export is missing on DC0_H0_VM0, DC0_H0_VM1, DC0_H0_VM2/);
  });

  await t.test('neither export nor ranges, or not the way that was asked for: a failure', async () => {
    assert.equal((await diagnosed(server, 'lease')).get('privileges')?.outcome, 'failed');
    server.denyPrivilege('Datastore.FileManagement');
    assert.equal((await diagnosed(server)).get('privileges')?.outcome, 'failed');
    assert.equal((await diagnosed(server, 'vddk')).get('privileges')?.outcome, 'warning');
  });

  await t.test('what every migration needs fails where it is missing on one VM, which is named', async () => {
    server.denyPrivilege('VirtualMachine.Interact.PowerOff', vm);
    const privileges = (await diagnosed(server, 'vddk')).get('privileges');
    assert.equal(privileges?.outcome, 'failed');
    assert.match(privileges?.finding ?? '', /PowerOff is missing on DC0_H0_VM1(;|$)/);
    assert.match(privileges?.todo ?? '', /no migration/);
  });

  await t.test('with VDDK the hosts themselves are looked for', async () => {
    const nfc = (await diagnosed(server, 'vddk')).get('nfc');
    assert.equal(nfc?.outcome, 'failed');
    assert.match(nfc?.finding ?? '', /DC0_H0/);
  });

  await t.test('a policy service that refuses is a warning', async () => {
    server.spoilPolicies('forbidden');
    assert.equal((await diagnosed(server)).get('policies')?.outcome, 'warning');
  });

  assert.deepEqual(server.ledger.openSessions, []);
  assert.deepEqual(server.ledger.openLeases, []);
});
