import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import type { SourceVm } from '../../src/model/vm.ts';
import { buildGuest } from '../demo/guest/build.ts';
import { kubeferry } from './session.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-plan-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const OVA = await buildGuest(SCRATCH);

async function file(name: string, content: string): Promise<string> {
  const full = path.join(SCRATCH, name);
  await writeFile(full, content);
  return full;
}

test('the inventory is a table, JSON, YAML or one object a line', async () => {
  const table = await kubeferry(['inventory', OVA]);
  assert.match(table.out, /^NAME .*\nkubeferry-demo /);
  const json: SourceVm[] = JSON.parse((await kubeferry(['inventory', OVA, '-o', 'json'])).out);
  assert.equal(json[0]?.name, 'kubeferry-demo');
  assert.deepEqual(parse((await kubeferry(['inventory', OVA, '-o', 'yaml'])).out), json);
  const lines = (await kubeferry(['inventory', OVA, '-o', 'ndjson'])).out.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    json,
  );
});

test('networks and storage of a source can be listed for the maps', async () => {
  assert.match((await kubeferry(['inventory', OVA, '--networks'])).out, /^NAME .*\n\S/);
  assert.equal((await kubeferry(['inventory', OVA, '--networks', '--storage'])).code, 2);
});

test('a plan shows every outcome and writes nothing', async () => {
  const before = await readdir(SCRATCH);
  const { code, out } = await kubeferry(['plan', OVA]);
  assert.equal(code, 0);
  for (const outcome of ['changed', 'added', 'dropped', 'kept']) assert.match(out, new RegExp(`^   ${outcome}$`, 'm'));
  assert.deepEqual(await readdir(SCRATCH), before);
});

test('a plan for Git has the same manifests as the report', async () => {
  const folder = path.join(SCRATCH, 'gitops');
  const { code, out } = await kubeferry(['plan', OVA, '--out', folder, '-o', 'json']);
  assert.equal(code, 0);
  const written = parse(await readFile(path.join(folder, 'kubeferry-demo', 'virtualmachine.yaml'), 'utf8'));
  assert.deepEqual(JSON.parse(out).vms[0].plan.mapping.manifests.at(-1), written);
});

test('-o ndjson streams the VMs of the JSON report, one a line', async () => {
  const whole = JSON.parse((await kubeferry(['plan', OVA, '-o', 'json'])).out);
  const { code, out } = await kubeferry(['plan', OVA, '-o', 'ndjson', '--fail-on', 'warning']);
  assert.equal(code, 1);
  const [line] = out.trimEnd().split('\n');
  const { plan, estimate, reasons } = JSON.parse(line ?? '');
  assert.deepEqual([plan, estimate, reasons], [whole.vms[0].plan, whole.vms[0].estimate, whole.reasons]);
  assert.equal((await kubeferry(['plan', OVA, '-o', 'ndjson', '--out', path.join(SCRATCH, 'no')])).code, 2);
});

test('what is known about the link shortens or lengthens the prediction', async () => {
  const seconds = async (...options: readonly string[]): Promise<number> =>
    JSON.parse((await kubeferry(['plan', OVA, '-o', 'json', ...options])).out).vms[0].estimate.copySeconds.likely;
  assert.ok((await seconds('--link-rate', '1Mbit')) > 10 * (await seconds('--link-rate', '10Gbit')));
  assert.equal((await kubeferry(['plan', OVA, '--link-rate', 'fast'])).code, 2);
  assert.equal((await kubeferry(['plan', OVA, '--parallel-per-target', '0'])).code, 2);
  assert.equal((await kubeferry(['plan', OVA, '--window-hours', '25'])).code, 2);
});

test('limits of what is moved at once are what a prediction assumes', async () => {
  const assumed = async (...options: readonly string[]): Promise<Record<string, number>> => {
    const { assumptions } = JSON.parse((await kubeferry(['plan', OVA, '-o', 'json', ...options])).out);
    const limits = assumptions.filter(({ id }: { id: string }) => id.startsWith('transfers-per-'));
    return Object.fromEntries(limits.map(({ id, value }: { id: string; value: number }) => [id, value]));
  };
  assert.deepEqual(await assumed(), {});
  const given = [
    '--parallel-disks',
    '5',
    '--parallel-per-host',
    '2',
    '--parallel-per-datastore',
    '3',
    '--parallel-per-target',
    '4',
  ];
  assert.deepEqual(await assumed(...given), {
    'transfers-per-host': 2,
    'transfers-per-datastore': 3,
    'transfers-per-target': 4,
    'transfers-per-plan': 5,
  });
});

test('--fail-on decides which concerns fail a pipeline', async () => {
  assert.equal((await kubeferry(['assess', OVA])).code, 0);
  assert.equal((await kubeferry(['assess', OVA, '--fail-on', 'warning'])).code, 1);
  assert.equal((await kubeferry(['assess', OVA, '--fail-on', 'never'])).code, 0);
});

test('maps decide where networks and disks go', async () => {
  const networkMap = await file(
    'networks.yaml',
    'apiVersion: kubeferry.dev/v1alpha1\nkind: NetworkMap\nspec:\n  entries:\n    - source: VM Network\n      target: { type: multus, namespace: nets, name: vlan20 }\n',
  );
  const storageMap = await file(
    'storage.yaml',
    'apiVersion: kubeferry.dev/v1alpha1\nkind: StorageMap\nspec:\n  entries:\n    - source: "*"\n      target: { storageClass: fast, volumeMode: Block, accessMode: ReadWriteMany }\n',
  );
  const { out } = await kubeferry([
    'plan',
    OVA,
    '--network-map',
    networkMap,
    '--storage-map',
    storageMap,
    '-n',
    'shop',
    '-o',
    'json',
  ]);
  const [claim, machine] = JSON.parse(out).vms[0].plan.mapping.manifests;
  assert.equal(claim.spec.storageClassName, 'fast');
  assert.deepEqual(machine.spec.template.spec.networks, [{ name: 'nic-0', multus: { networkName: 'nets/vlan20' } }]);
  assert.equal(machine.metadata.namespace, 'shop');
});

test('every mistake of a map is told at once, with its place, exit 2', async () => {
  const map = await file(
    'wrong.yaml',
    'apiVersion: kubeferry.dev/v1alpha1\nkind: NetworkMap\nspec:\n  entries:\n    - { source: a, target: { type: pod } }\n    - { source: a, target: { type: pod } }\n    - { source: b, target: { type: moon } }\n    - { source: c, target: { type: multus } }\n',
  );
  const { code, err } = await kubeferry(['plan', OVA, '--network-map', map]);
  assert.equal(code, 2);
  for (const place of ['spec.entries.1.source', 'spec.entries.2.target', 'spec.entries.3.target.name'])
    assert.ok(err.includes(place), err);
});

test('facts of another version are refused', async () => {
  const facts = await file('facts.yaml', 'apiVersion: kubeferry.dev/v9\nkind: ClusterFacts\n');
  const { code, err } = await kubeferry(['plan', OVA, '--facts', facts]);
  assert.equal(code, 2);
  assert.match(err, /apiVersion/);
});

test('what was typed wrong is exit 2 with a hint, what is broken is exit 3', async () => {
  assert.equal((await kubeferry([])).code, 2);
  assert.equal((await kubeferry(['frobnicate'])).code, 2);
  assert.equal((await kubeferry(['plan'])).code, 2);
  assert.equal((await kubeferry(['plan', OVA, '--memory', 'lots'])).code, 2);
  const missing = await kubeferry(['plan', path.join(SCRATCH, 'nowhere.ova')]);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /\[source-not-found\]/);
  const unknown = await kubeferry(['plan', OVA, 'wbe']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /No VM is called wbe\. The source holds kubeferry-demo\./);
  assert.equal((await kubeferry(['plan', await file('empty.ova', '')])).code, 3);
});

test('help and version are no errors', async () => {
  const help = await kubeferry(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /Exit codes: 0 fine/);
  assert.deepEqual(await kubeferry(['--version']), { code: 0, out: '0.0.0-test\n', err: '' });
});
