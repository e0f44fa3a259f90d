/**
 * Hyper-V hosts as Providers on a real control plane: workers log in by the Secret that they mount, ask the host what changed, and read the disks from
 * Debian's samba or from a claim. The host is simulated: nothing here says how a real one answers (test/peers/hyperv.ts).
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { kubeferry, type Session } from '../cli/session.ts';
import type { Machine } from '../peers/hyperv/machine.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { Ground, type Operator } from './cluster/ground.ts';
import { type Ground as HypervGround, startGround } from './hyperv/ground.ts';

const MiB = 1024 * 1024;

let ground: Ground;
let source: HypervGround;
let namespace: string;
let operator: Operator;
before(async () => {
  [ground, source] = await Promise.all([Ground.start(), startGround({})]);
  const { hyperv } = source;
  // Both before the operator looks: it reads a host that tells no changes once a minute.
  await hyperv.add('web', { disks: [4 * MiB, 2 * MiB], seed: 7, writeEvery: 3, shutdown: 200 });
  await hyperv.add('archive', { disks: [3 * MiB], seed: 9, on: false });
  namespace = ground.name('hyperv');
  await ground.namespace(namespace, {});
  await ground.secret(namespace, 'hv1', {
    ...{ user: hyperv.username, password: hyperv.password, 'ca.crt': hyperv.certificate.certificate },
  });
  const spec = {
    type: 'hyperv',
    url: `hyperv://${hyperv.host}:${hyperv.securePort}`,
    secretRef: { name: 'hv1' },
    loginMethod: 'ntlm',
  };
  const paths = [{ from: 'C:\\VMs', claim: 'images', folder: 'hyperv' }];
  await ground.make(namespace, 'providers', 'claims', { ...spec, paths });
});
after(async () => {
  await operator?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
  await source?.[Symbol.asyncDispose]();
});

function planOf(provider: string, vm: string): object {
  const target = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  return {
    providerRef: { name: provider },
    selection: { names: [vm] },
    networkMap: { entries: [{ source: { name: '*' }, target: { type: 'pod' } }] },
    storageMap: { entries: [{ source: { storage: '*' }, target }] },
    shutdown: { graceSeconds: 20, otherwise: 'force' },
  };
}

/** The claims of a VM hold what its disks held when its power went, and the host has nothing of ours. */
async function isTrue(machine: Machine): Promise<void> {
  const { hyperv } = source;
  const rest = machine.truth() ?? assert.fail('it was never off');
  const all = await ground.migrations(namespace);
  const found = all.find(({ spec }) => (spec?.['vm'] as { readonly name: string } | undefined)?.name === machine.facts.name);
  const disks = (found?.status?.['disks'] ?? []) as readonly { readonly claim: string }[];
  assert.equal(disks.length, rest.slots.length);
  for (const [at, slot] of rest.slots.entries()) {
    const bytes = await readFile(path.join(await ground.kubelet.volumePath(namespace, disks[at]?.claim ?? ''), 'disk.img'));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), rest.digest(slot), slot);
  }
  assert.deepEqual([hyperv.ledger.checkpoints, hyperv.ledger.referencePoints, hyperv.ledger.refused], [[], [], []]);
}

/** `migrate --to cluster`: makes Provider, Secret and plan, and follows them to the end. */
async function byCommand(vm: string, ...more: readonly string[]): Promise<Session> {
  const { hyperv, samba } = source;
  const folder = source.folder('files');
  await mkdir(folder, { recursive: true });
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const map = (kind: string, source: unknown, target: object): string =>
    JSON.stringify({ apiVersion: 'kubeferry.dev/v1alpha1', kind, spec: { entries: [{ source, target }] } });
  const claim = { storageClass: STORAGE_CLASSES.late, volumeMode: 'Filesystem', accessMode: 'ReadWriteOnce' };
  const args = [
    ...['migrate', '--guest', 'none', hyperv.url, vm, '--to', 'cluster', '--yes', '-n', namespace, '--provider-name', 'shares'],
    ...['--kubeconfig', await file('kubeconfig', ground.plane.kubeconfig())],
    ...['--storage-map', await file('storage.yaml', map('StorageMap', '*', claim))],
    ...['--network-map', await file('network.yaml', map('NetworkMap', '*', { type: 'pod' }))],
    ...['--ca-file', await file('ca.pem', hyperv.certificate.certificate), '--share-user', samba.user],
    ...['--path-map', `C:\\VMs=smb://${samba.host}:${samba.port}/VMs`, '--shutdown-grace', '20', '--shutdown-otherwise', 'force'],
  ];
  const environment = { KUBEFERRY_PASSWORD: hyperv.password, KUBEFERRY_SHARE_PASSWORD: samba.password };
  return await kubeferry([...args, ...more], { services: { credentials: { environment } } });
}

async function completes(plan: string): Promise<void> {
  await ground.until(async () => (await ground.stateOf(namespace, plan)) === 'Completed', { namespace, operator });
}

test('a guest that keeps writing is brought warm over SMB, and the Provider says that this is experimental', async () => {
  const web = source.hyperv.vm('web');
  operator = ground.operate(namespace);
  const { code, out, err } = await byCommand('web', '--plan-name', 'warm', '--warm', '--cutover', 'when-ready');
  assert.equal(code, 0, `${out}\n${err}`);
  await isTrue(web);
  const provider = await ground.get(`/apis/kubeferry.dev/v1alpha1/namespaces/${namespace}/providers/shares`);
  const ready = provider?.status?.conditions?.find(({ type }) => type === 'Ready');
  assert.equal(ready?.status, 'True');
  assert.match(ready?.message ?? '', /Hyper-V is experimental/);
});

test('disks on a claim are read there, and nothing is asked of a share', async () => {
  const archive = source.hyperv.vm('archive');
  const shared = path.join(await ground.kubelet.volumePath(namespace, 'images'), 'hyperv', 'archive');
  await mkdir(shared, { recursive: true });
  await copyFile(source.hyperv.real('C:\\VMs\\archive\\archive.vhdx'), path.join(shared, 'archive.vhdx'));
  await ground.make(namespace, 'migrationplans', 'cold', planOf('claims', 'archive'));
  await completes('cold');
  await isTrue(archive);
});
