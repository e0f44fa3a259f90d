/** The simulated host against clients that know nothing of it, and its answers against the contract of the scripts. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readAnswer } from '../../providers/hyperv/scripts/answer.ts';
import type { ScriptAnswer, ScriptInput, ScriptName } from '../../providers/hyperv/scripts/contract.ts';
import { command, standardInput } from '../../providers/hyperv/scripts/index.ts';
import { type Hyperv, startHyperv } from './hyperv.ts';

const MiB = 1024 * 1024;
const HERE = path.join(import.meta.dirname, 'hyperv');

/** A script as it travels, its answer held to the contract. */
async function ask<Name extends ScriptName>(
  hyperv: Hyperv,
  name: Name,
  input: ScriptInput<Name>,
  host = hyperv.nodes[0]?.name ?? '',
): Promise<ScriptAnswer<Name>> {
  const { program, args } = command();
  const ended = await hyperv.run(host, { program, args: args.join(' ') }, Buffer.from(standardInput(name, input)));
  return readAnswer(name, { ...ended, stdout: ended.stdout.toString(), stderr: ended.stderr.toString() }, host);
}

describe("Debian's pywinrm", () => {
  let hyperv: Hyperv;
  let folder: string;
  before(async () => {
    hyperv = await startHyperv({ vms: {} });
    folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-pywinrm-'));
    await writeFile(path.join(folder, 'ca.pem'), hyperv.certificate.certificate);
  });
  after(async () => {
    await hyperv[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const https = () => ({ endpoint: `https://127.0.0.1:${hyperv.securePort}/wsman`, ca: path.join(folder, 'ca.pem') });
  const http = () => ({ endpoint: `http://127.0.0.1:${hyperv.port}/wsman` });

  test('runs a command over HTTPS with Basic', async () => {
    assert.deepEqual(await pywinrm(hyperv, { ...https(), transport: 'basic' }), { output: 'HV1\r\n', errors: '', code: 0 });
  });

  test('runs a command over HTTPS with NTLM', async () => {
    assert.deepEqual(await pywinrm(hyperv, { ...https(), transport: 'ntlm' }), { output: 'HV1\r\n', errors: '', code: 0 });
  });

  test('runs a command over plain HTTP with sealed messages, also when it has to ask again', async () => {
    hyperv.weather('operation-timeout', 2);
    const ran = await pywinrm(hyperv, { ...http(), transport: 'ntlm', encryption: 'always' });
    assert.deepEqual(ran, { output: 'HV1\r\n', errors: '', code: 0 });
    assert.deepEqual(hyperv.ledger.struck, ['operation-timeout', 'operation-timeout']);
  });

  test('is refused with a wrong password, without sealing on plain HTTP, and when the shells are used up', async () => {
    for (const transport of ['basic', 'ntlm'])
      await assert.rejects(pywinrm(hyperv, { ...https(), transport, password: 'wrong' }), /credentials were rejected/);
    await assert.rejects(pywinrm(hyperv, { ...http(), transport: 'ntlm', encryption: 'never' }), /Bad HTTP response|500/);
    await assert.rejects(pywinrm(hyperv, { ...http(), transport: 'basic' }), /credentials were rejected/);
    hyperv.weather('quota');
    await assert.rejects(pywinrm(hyperv, { ...https(), transport: 'basic' }), /2150859173/);
  });

  test('gets nothing else to run, and leaves no shell behind', async () => {
    const ran = await pywinrm(hyperv, { ...https(), transport: 'basic', command: 'powershell.exe', arguments: ['Get-VM'] });
    assert.equal(ran.code, 1);
    assert.match(ran.errors, /not the shipped one/);
    assert.equal(hyperv.ledger.refused.length, 1);
    assert.equal(hyperv.ledger.openShells, 0);
  });
});

interface Ran {
  readonly output: string;
  readonly errors: string;
  readonly code: number;
}

function pywinrm({ username, password }: Hyperv, told: Readonly<Record<string, unknown>>): Promise<Ran> {
  const env = { ...process.env, OPENSSL_CONF: path.join(HERE, 'legacy-openssl.cnf'), PYTHONWARNINGS: 'ignore' };
  const python = spawn('/usr/bin/python3', [path.join(HERE, 'pywinrm.py')], { env });
  let [said, wrong] = ['', ''];
  python.stdout.on('data', (piece: Buffer) => {
    said += piece;
  });
  python.stderr.on('data', (piece: Buffer) => {
    wrong += piece;
  });
  python.stdin.end(JSON.stringify({ username, password, command: 'hostname', ...told }));
  return new Promise((resolve, reject) => {
    python.on('close', (code) => (code === 0 ? resolve(JSON.parse(said)) : reject(new Error(wrong))));
  });
}

describe('the answers', () => {
  let hyperv: Hyperv;
  before(async () => {
    hyperv = await startHyperv({
      hosts: ['HV1', 'HV2'],
      cluster: 'HVC',
      vms: {
        web: {
          disks: [4 * MiB, { capacity: 3 * MiB, type: 'Fixed', sector: 4096 }, { described: 'pass-through', slot: 'scsi0:5' }],
        },
        old: { facts: { generation: 1, notes: 'Grüße' }, disks: [{ capacity: 4 * MiB, children: 2 }], on: false, host: 'HV2' },
      },
    });
  });
  after(() => hyperv[Symbol.asyncDispose]());

  test('of host, vms, disks and power keep the contract', async () => {
    const host = await ask(hyperv, 'host', {});
    assert.deepEqual(
      host.cluster?.nodes.map(({ fqdn }) => fqdn),
      ['127.0.0.1', '127.0.0.2'],
    );
    assert.deepEqual(
      host.cluster?.roles.map(({ owner }) => owner),
      ['HV1', 'HV2'],
    );
    const { vms: here } = await ask(hyperv, 'vms', {});
    assert.deepEqual(
      here.map(({ name, disks }) => [name, disks.length]),
      [['web', 3]],
    );
    const { vms: there } = await ask(hyperv, 'vms', { ids: [hyperv.vm('old').id] }, 'HV2');
    assert.deepEqual(
      there.map(({ notes, state }) => [notes, state]),
      [['Grüße', 'Off']],
    );
    const { disks } = await ask(hyperv, 'disks', { vm: hyperv.vm('old').id }, 'HV2');
    assert.deepEqual(
      disks[0]?.chain.map(({ path: name, type }) => [name.split('\\').at(-1), type]),
      [
        ['old-child-2.vhdx', 'Differencing'],
        ['old-child-1.vhdx', 'Differencing'],
        ['old.vhdx', 'Dynamic'],
      ],
    );
    const web = { vm: hyperv.vm('web').id };
    assert.equal((await ask(hyperv, 'power', { ...web, action: 'turn-off' })).state, 'Off');
    assert.equal((await ask(hyperv, 'power', { ...web, action: 'start' })).state, 'Running');
    await assert.rejects(ask(hyperv, 'power', { ...web, action: 'state' }, 'HV2'), { code: 'vm-elsewhere' });
  });

  test('of 500 machines come in well under a second', async () => {
    await using large = await startHyperv();
    for (let at = 0; at < 500; at += 1) await large.add(`vm-${at}`, { disks: [{ described: {} }, { described: {} }] });
    const began = performance.now();
    assert.equal((await ask(large, 'vms', {})).vms.length, 500);
    assert.ok(performance.now() - began < 1000);
  });
});
