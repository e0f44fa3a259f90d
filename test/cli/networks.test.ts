/** `--generate-networks` and the network map as a user gives them. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { kubeferry } from './session.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-networks-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const VMX = path.join(SCRATCH, 'web.vmx');
await writeFile(
  VMX,
  [
    'displayName = "web"',
    'guestOS = "debian12-64"',
    'memsize = "1024"',
    'ethernet0.present = "TRUE"',
    'ethernet0.networkName = "Prod LAN"',
    'ethernet1.present = "TRUE"',
    'ethernet1.networkName = "Prod LAN"',
    '',
  ].join('\n'),
);

test('made attachments stand in a folder of their own, which the whole is built from', async () => {
  const folder = path.join(SCRATCH, 'out');
  const args = ['plan', VMX, '--out', folder, '--generate-networks', 'bridge', '--bridge', 'br1', '-n', 'vms', '-o', 'json'];
  const { code, out, err } = await kubeferry([...args, '--fail-on', 'never']);
  assert.equal(code, 0, err);
  const at = async (file: string): Promise<unknown> => parse(await readFile(path.join(folder, file), 'utf8'));
  const [shared] = JSON.parse(out).networks;
  const kustomization = await at('kustomization.yaml');
  assert.deepEqual(Object.entries(kustomization as object).find(([key]) => key === 'resources')?.[1], ['networks', 'web']);
  assert.deepEqual(await at('networks/kustomization.yaml'), {
    ...(kustomization as object),
    resources: ['networkattachmentdefinition-prod-lan.yaml'],
  });
  const written = await at('networks/networkattachmentdefinition-prod-lan.yaml');
  assert.deepEqual(written, shared.manifest);
  assert.equal(shared.manifest.metadata.namespace, 'vms');
  assert.deepEqual(JSON.parse(shared.manifest.spec.config), {
    cniVersion: '0.3.1',
    name: 'prod-lan',
    type: 'bridge',
    bridge: 'br1',
    macspoofchk: true,
  });
});

test('made attachments stand in the text and in the Markdown of a plan', async () => {
  const args = ['plan', VMX, '--generate-networks', 'bridge', '--bridge', 'br1', '--fail-on', 'never'];
  const text = await kubeferry(args);
  assert.match(text.out, /Network attachments to make:\n.*\n {2}prod-lan +- +Prod LAN +bridge br1, untagged\n/);
  assert.match((await kubeferry([...args, '-o', 'markdown'])).out, /\| prod-lan \| - \| Prod LAN \| bridge br1, untagged \|/);
});

test('every contradiction of the network options is told at once', async () => {
  const wrong = await kubeferry(['plan', VMX, '--generate-networks', 'ovn-localnet', '--bridge', 'a/b']);
  assert.equal(wrong.code, 2);
  for (const part of ['--physical-network', '--network-namespace', 'goes with', 'no name of a Linux interface'])
    assert.match(wrong.err, new RegExp(part));
  assert.match((await kubeferry(['plan', VMX, '--generate-networks', 'bridge'])).err, /needs --bridge/);
  assert.match((await kubeferry(['plan', VMX, '--network-namespace', 'nets'])).err, /--generate-networks only/);
});

test('every mistake of a network map is told at once, with its place', async () => {
  const map = path.join(SCRATCH, 'map.yaml');
  await writeFile(
    map,
    `apiVersion: kubeferry.dev/v1alpha1
kind: NetworkMap
spec:
  entries:
    - {source: {name: b, vlan: 5}, target: {type: multus, pool: [x, y]}}
    - {source: {vlan: 5, name: b}, target: {type: sriov, name: z, pool: [q]}}
    - {source: {vlan: 5000}, target: {type: sriov}}
    - {source: {}, target: {type: ignored}}
`,
  );
  const { code, err } = await kubeferry(['plan', VMX, '--network-map', map]);
  assert.equal(code, 2);
  assert.match(err, /5 places/);
  for (const place of ['entries.1.source', 'entries.1.target', 'entries.2.source.vlan', 'entries.2.target', 'entries.3.source'])
    assert.ok(err.includes(place), place);
});

test('a network map names networks by text, name and pool', async () => {
  const map = path.join(SCRATCH, 'pool.yaml');
  await writeFile(
    map,
    `apiVersion: kubeferry.dev/v1alpha1
kind: NetworkMap
spec:
  entries:
    - {source: {name: Prod LAN}, target: {type: multus, namespace: nets, pool: [lan-a, lan-b]}}
`,
  );
  const { out } = await kubeferry(['plan', VMX, '--network-map', map, '--fail-on', 'never', '-o', 'json']);
  assert.deepEqual(JSON.parse(out).vms[0].plan.mapping.manifests.at(-1).spec.template.spec.networks, [
    { name: 'nic-0', multus: { networkName: 'nets/lan-a' } },
    { name: 'nic-1', multus: { networkName: 'nets/lan-b' } },
  ]);
});
