/** The simulated host against clients that know nothing of it, and its answers against the contract of the scripts. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { readAnswer, ScriptFailed } from '../../providers/hyperv/scripts/answer.ts';
import type { ScriptAnswer, ScriptInput, ScriptName } from '../../providers/hyperv/scripts/contract.ts';
import { command, standardInput } from '../../providers/hyperv/scripts/index.ts';
import { openWinrm } from '../../providers/hyperv/winrm/index.ts';
import { run } from '../transfer/fixture.ts';
import { readByLibvhdi } from '../transfer/formats/libvhdi.ts';
import { type PeerCertificate, selfSigned } from './certificate.ts';
import type { Machine } from './hyperv/machine.ts';
import type { DiskOptions } from './hyperv/system.ts';
import type { Trouble } from './hyperv/troubles.ts';
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

describe('the disks', () => {
  let hyperv: Hyperv;
  let folder: string;
  before(async () => {
    hyperv = await startHyperv();
    folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-hyperv-disks-'));
  });
  after(async () => {
    await hyperv[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const shapes: readonly DiskOptions[] = [
    { capacity: 5 * MiB + 4096, blockSize: MiB },
    { capacity: 4 * MiB, type: 'Fixed', blockSize: MiB },
    { capacity: 5 * MiB, sector: 4096, children: 2 },
  ];

  /** The bytes of a chain by an outside judge: qemu-img where it can, else libvhdi. */
  async function judged(images: readonly { readonly path: string }[]): Promise<Buffer> {
    const files = images.map((image) => hyperv.real(image.path));
    const target = path.join(folder, 'judged.raw');
    if (files.length > 1) return await readByLibvhdi(target, files);
    const copied = path.join(folder, 'copy.vhdx');
    await copyFile(files[0] ?? '', copied);
    // A power cut leaves a log, which qemu-img replays into what it is given.
    await run('qemu-img', 'check', '-q', '-r', 'all', '-f', 'vhdx', copied);
    await run('qemu-img', 'convert', '-f', 'vhdx', '-O', 'raw', copied, target);
    return await readFile(target);
  }

  for (const [at, shape] of shapes.entries()) {
    test(`of kind ${at} hold what the guest sees, frozen and merged, and what changed is told`, async () => {
      const vm = await hyperv.add(`disk-${at}`, { disks: [shape], seed: at + 3 });
      const disk = vm.disk();
      const told = { vm: vm.id, name: 'ours' };
      const seen: { readonly content: Buffer; readonly rct: string }[] = [];
      for (let pass = 0; pass < 3; pass += 1) {
        vm.tick(12);
        const { id } = await ask(hyperv, 'checkpoint', { ...told, action: 'create', consistency: 'application' });
        assert.ok(id);
        assert.equal((await ask(hyperv, 'checkpoint', { ...told, action: 'create', consistency: 'crash' })).id, id);
        const { disks } = await ask(hyperv, 'disks', { vm: vm.id, checkpoint: id });
        const chain = disks[0]?.chain ?? [];
        const content = disk.frozen(id);
        assert.ok(content);
        assert.deepEqual(sha(content), sha(disk.content()));
        const before = await hashes(chain);
        vm.tick(12);
        vm.burst();
        assert.notEqual(sha(content), sha(disk.content()));
        assert.deepEqual(await hashes(chain), before);
        assert.equal(sha(await judged(chain)), sha(content));
        const last = seen.at(-1);
        if (last) {
          const ranges = await changes(vm, chain[0]?.path ?? '', last.rct);
          const patched = Buffer.from(last.content);
          for (const [offset, length] of ranges) content.copy(patched, offset, offset, offset + length);
          assert.equal(sha(patched), sha(content));
          const bytes = ranges.reduce((total, [, length]) => total + length, 0);
          assert.ok(bytes < disk.capacity);
        }
        const { referencePoint } = await ask(hyperv, 'checkpoint', { ...told, action: 'settle', id });
        assert.deepEqual(await ask(hyperv, 'checkpoint', { ...told, action: 'settle', id }), { referencePoint });
        const rct = referencePoint?.disks[0]?.rct ?? '';
        assert.equal(referencePoint?.disks[0]?.drive, disks[0]?.id);
        seen.push({ content, rct });
        told.name = `ours ${pass}`;
      }
      // Only qemu-img replays the log that a power cut leaves.
      await ask(hyperv, 'power', { vm: vm.id, action: shape.children === undefined ? 'turn-off' : 'shutdown' });
      while ((await ask(hyperv, 'power', { vm: vm.id, action: 'state' })).state !== 'Off') await setImmediate();
      const { disks } = await ask(hyperv, 'disks', { vm: vm.id });
      const chain = disks[0]?.chain ?? [];
      assert.equal(chain.length, 1 + (shape.children ?? 0));
      assert.equal(sha(await judged(chain)), vm.truth()?.digest('scsi0:0'));
      const last = seen.at(-1);
      const patched = Buffer.from(last?.content ?? []);
      const now = disk.content();
      for (const [offset, length] of await changes(vm, chain[0]?.path ?? '', last?.rct ?? ''))
        now.copy(patched, offset, offset, offset + length);
      assert.equal(sha(patched), vm.truth()?.digest('scsi0:0'));
    });
  }

  test('have a log after a power cut, which is gone once the host has opened them again', async () => {
    const vm = await hyperv.add('cut', { disks: [{ capacity: 4 * MiB, blockSize: MiB }] });
    await vm.powerOff('somebody');
    const file = hyperv.real(vm.disk().path);
    const convert = () => run('qemu-img', 'convert', '-f', 'vhdx', '-O', 'raw', file, path.join(folder, 'cut.raw'));
    await assert.rejects(convert(), /replay/);
    vm.powerOn('somebody');
    vm.tick();
    await vm.powerOff('guest', false);
    await convert();
    assert.equal(sha(await readFile(path.join(folder, 'cut.raw'))), vm.truth()?.digest('scsi0:0'));
  });

  /** Asked again until the end of the disk, in the parts that the host likes. */
  async function changes(vm: Machine, image: string, since: string): Promise<(readonly [number, number])[]> {
    const { capacity } = vm.disk();
    const found: (readonly [number, number])[] = [];
    for (let at = 0; at < capacity; ) {
      const told = { vm: vm.id, path: image, since, offset: String(at), length: String(capacity - at) };
      const part = await ask(hyperv, 'changes', told);
      found.push(...part.ranges.map(([offset, length]) => [Number(offset), Number(length)] as const));
      assert.ok(Number(part.processed) > 0);
      at += Number(part.processed);
    }
    return found;
  }

  async function hashes(images: readonly { readonly path: string }[]): Promise<readonly string[]> {
    return await Promise.all(images.map(async (image) => sha(await readFile(hyperv.real(image.path)))));
  }
});

function sha(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

describe('troubles', () => {
  let hyperv: Hyperv;
  before(async () => {
    hyperv = await startHyperv({
      hosts: ['HV1', 'HV2'],
      cluster: 'HVC',
      vms: { web: { disks: [2 * MiB, 2 * MiB], facts: { notes: 'Größe 規模 😀' } }, db: { disks: [2 * MiB] } },
    });
  });
  after(() => hyperv[Symbol.asyncDispose]());

  test('on the wire strike a client that sends scripts, over HTTP and HTTPS', async () => {
    const signal = AbortSignal.timeout(20_000);
    const { host, certificate, username, password } = hyperv;
    for (const tls of [false, true]) {
      const place = { host, port: tls ? hyperv.securePort : hyperv.port, tls };
      const options = { credentials: async () => ({ user: username, password }), trust: { ca: certificate.certificate } };
      await using remote = await openWinrm(place, options, signal);
      for (const kind of ['operation-timeout', 'split-output', 'noise'] as const) hyperv.weather(kind);
      const { vms } = await remote.run('vms', {}, signal);
      assert.deepEqual(
        vms.map(({ name, notes }) => [name, notes]),
        [
          ['web', 'Größe 規模 😀'],
          ['db', undefined],
        ],
      );
      hyperv.weather('truncated');
      await assert.rejects(remote.run('host', {}, signal), { code: 'source-answer-broken' });
      hyperv.weather('localized');
      const none = { vm: '00000000-0000-4000-8000-000000000000', action: 'state' } as const;
      await assert.rejects(remote.run('power', none, signal), { code: 'vm-not-found', message: /Überprüfung/ });
    }
    assert.deepEqual(hyperv.ledger.refused, []);
    assert.equal(hyperv.ledger.openShells, 0);
  });

  test('do not keep out a client that has a certificate', async () => {
    const [ours, strange] = [selfSigned({ hosts: ['admin'] }), selfSigned()];
    await using certified = await startHyperv({ logins: [], certificates: { [ours.thumbprint.sha256]: 'Administrator' } });
    const signal = AbortSignal.timeout(20_000);
    const place = { host: certified.host, port: certified.securePort, tls: true };
    const open = ({ certificate, key }: PeerCertificate) => {
      const trust = { ca: certified.certificate.certificate };
      return openWinrm(place, { loginMethod: 'certificate', clientCertificate: { certificate, key }, trust }, signal);
    };
    await using remote = await open(ours);
    assert.equal((await remote.run('host', {}, signal)).name, 'HV1');
    await assert.rejects(open(strange), { code: 'source-login-failed' });
  });

  test('of jobs, of tracking and of backups come out as what the scripts say of them', async () => {
    const web = hyperv.vm('web');
    const create = () => ask(hyperv, 'checkpoint', { vm: web.id, action: 'create', name: 'a', consistency: 'application' });
    await hyperv.trouble('checkpoint-fails', web);
    await assert.rejects(create(), { code: 'job-failed', jobError: 32768 });
    await hyperv.trouble('backup-begins', web);
    await assert.rejects(create(), { code: 'busy' });
    assert.ok(await hyperv.trouble('backup-ends', web));
    assert.equal(await hyperv.trouble('backup-ends', web), false);
    const { id = '' } = await create();
    assert.equal(await hyperv.trouble('disk-grown', web), false);
    const { disks } = await ask(hyperv, 'disks', { vm: web.id, checkpoint: id ?? '' });
    await hyperv.trouble('merge-late', web);
    const settle = () => ask(hyperv, 'checkpoint', { vm: web.id, action: 'settle', name: 'a', id: id ?? '' });
    await assert.rejects(settle(), { code: 'busy' });
    assert.equal((await ask(hyperv, 'disks', { vm: web.id })).disks[0]?.chain.length, 2);
    const { referencePoint } = await settle();
    assert.equal((await ask(hyperv, 'disks', { vm: web.id })).disks[0]?.chain.length, 1);
    await hyperv.others.powerOff(web);
    const since = referencePoint?.disks[0]?.rct ?? '';
    const changes = () => ask(hyperv, 'changes', { vm: web.id, path: disks[0]?.path ?? '', since, offset: '0', length: '4096' });
    await hyperv.trouble('tracking-unavailable', web);
    await assert.rejects(changes(), { code: 'tracking-unavailable' });
    assert.equal((await changes()).processed, '4096');
    await ask(hyperv, 'forget', { vm: web.id, referencePoints: [referencePoint?.id ?? ''] });
    await assert.rejects(changes(), { code: 'tracking-unknown' });
    assert.ok(await hyperv.trouble('disk-grown', web));
    assert.deepEqual(hyperv.ledger.checkpoints, []);
    assert.deepEqual(hyperv.ledger.referencePoints, []);
  });

  test('of guests and nodes: one that hangs, one without its service, one whose node dies', async () => {
    const db = hyperv.vm('db');
    const power = (action: 'shutdown' | 'state', host?: string) => ask(hyperv, 'power', { vm: db.id, action }, host);
    await hyperv.trouble('shutdown-hangs', db);
    assert.equal((await power('shutdown')).state, 'Running');
    await setImmediate();
    assert.equal((await power('state')).state, 'Running');
    await hyperv.trouble('no-shutdown-service', db);
    await assert.rejects(power('shutdown'), { code: 'guest-not-reachable' });
    assert.equal(db.truth(), undefined);
    await hyperv.failNode('HV1');
    await assert.rejects(power('state'), { code: 'vm-elsewhere' });
    assert.equal((await power('state', 'HV2')).state, 'Running');
    assert.equal(hyperv.ledger.chronicle.timesOnAgain(db.id), 1);
    assert.notEqual(db.truth(), undefined);
    await hyperv.recoverNode('HV1');
  });

  test('come by a seed, and what a plague leaves is still a disk that everybody can read', async () => {
    await using plagued = await startHyperv({
      hosts: ['HV1', 'HV2'],
      cluster: 'HVC',
      vms: { vm: { disks: [3 * MiB], writeEvery: 1 } },
    });
    const vm = plagued.vm('vm');
    const kinds: readonly Trouble[] = [
      'backup-begins',
      'backup-ends',
      'user-checkpoint',
      'user-checkpoint-removed',
      'reverted',
      'our-checkpoint-removed',
      'merge-late',
      'disk-grown',
      'rct-reset',
      'moved',
      'failover',
      'power-cut',
      'somebody-starts',
      'burst',
      'storage-moved',
      'settle-fails',
    ];
    plagued.plague({ seed: 11, kinds, every: 2 });
    for (let at = 0; at < 150; at += 1) {
      const told = { vm: vm.id, name: 'p' };
      const create = { ...told, action: 'create', consistency: 'crash' } as const;
      const made = await ask(plagued, 'checkpoint', create, vm.node).catch(scriptFailed);
      if (made?.id)
        await ask(plagued, 'checkpoint', { ...told, action: at % 2 ? 'settle' : 'remove', id: made.id }, vm.node).catch(
          scriptFailed,
        );
    }
    assert.ok(new Set(plagued.ledger.troubles).size > 12, plagued.ledger.troubles.join());
    plagued.plague();
    for (const checkpoint of [...vm.checkpoints]) await plagued.others.removeCheckpoint(vm, checkpoint);
    await vm.merge();
    await vm.powerOff('guest', false);
    const { disks } = await ask(plagued, 'disks', { vm: vm.id }, vm.node);
    assert.equal(disks[0]?.chain.length, 1);
    const read = await readByLibvhdi(path.join(plagued.folder, 'read.raw'), [plagued.real(disks[0]?.path ?? '')]);
    assert.equal(sha(read), vm.truth()?.digest('scsi0:0'));
    assert.deepEqual(plagued.ledger.refused, []);
  });
});

/** What a script says of trouble is no error here. */
function scriptFailed(error: unknown): undefined {
  if (!(error instanceof ScriptFailed)) throw error;
}
