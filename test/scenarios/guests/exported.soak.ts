/** From what hypervisors hand out: an OVA of streamOptimized VMDKs to a guest that was seen to boot, and a VHDX to the same bytes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { Report } from '../../../src/model/report.ts';
import { kubeferry } from '../../cli/session.ts';
import { packageGuest } from '../../peers/guests/package-guest.ts';
import { buildGuest, exportGuest, GUEST_CARDS, USUAL_GUEST } from '../../peers/guests.ts';
import { WRITTEN_DOWN } from './workbench.ts';

const NETWORKS = `apiVersion: kubeferry.dev/v1alpha1
kind: NetworkMap
spec:
  entries:
${GUEST_CARDS.map((_, at) => `    - {source: {name: VM Network ${at + 1}}, target: {type: multus, namespace: nets, name: lan${at + 1}}}`).join('\n')}
`;

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-exported-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('the usual guest comes from an OVA by the command line: copied, proven, converted, and reached where its own files say that it is', async (t) => {
  const folder = await folderFor(t);
  const ova = path.join(folder, 'usual.ova');
  await packageGuest(USUAL_GUEST, await buildGuest(USUAL_GUEST), ova);
  const [out, networks] = [path.join(folder, 'out'), path.join(folder, 'networks.yaml')];
  await writeFile(networks, NETWORKS);
  const { code, err } = await kubeferry(['migrate', ova, '--to', out, '--network-map', networks, '--probe', 'tcp:22']);
  assert.equal(code, 0, err);
  const report = JSON.parse(await readFile(path.join(out, 'report.json'), 'utf8')) as Report;
  const { conversion, proof, transfers } = report.vms[0]?.progress ?? {};
  t.diagnostic(JSON.stringify(conversion?.seconds));
  assert.equal(conversion?.policy, 'convert');
  assert.match(transfers?.[0]?.proof?.root ?? '', /^[0-9a-f]{64}$/);
  assert.equal(proof?.booted, true, `${proof?.trouble?.text}\n${proof?.console}`);
  assert.ok(
    proof.evidence.some(({ kind }) => kind === 'probe'),
    JSON.stringify(proof.evidence),
  );
  assert.deepEqual(conversion?.configured, WRITTEN_DOWN);
});

test('a VHDX of the usual guest holds its disk, byte for byte', async (t) => {
  const folder = await folderFor(t);
  const [disk = ''] = await buildGuest(USUAL_GUEST);
  const vhdx = path.join(folder, 'usual.vhdx');
  await exportGuest(disk, 'vhdx', vhdx);
  const out = path.join(folder, 'out');
  const { code, err } = await kubeferry(['migrate', '--guest', 'none', vhdx, '--to', out]);
  assert.equal(code, 0, err);
  const copied = path.join(out, 'usual', 'disks', 'usual-disk-0.img');
  await promisify(execFile)('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', disk, copied]);
});
