/** The doctor at a simulated Hyper-V host, and at the files behind Debian's samba. It proves how links are tested, not how a real host answers. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Check } from '../../src/contracts/provider.ts';
import { selfSigned } from '../peers/certificate.ts';
import { startHyperv } from '../peers/hyperv.ts';
import { type Ground, startGround } from '../scenarios/hyperv/ground.ts';
import { kubeferry } from './session.ts';

const MiB = 1024 * 1024;

let ground: Ground;
let authority: string;
before(async () => {
  const certificate = selfSigned({ hosts: ['127.0.0.1'], notAfter: new Date(Date.now() + 400 * 24 * 3600_000) });
  ground = await startGround({ certificate, logins: ['negotiate'] });
  await ground.hyperv.add('web', { disks: [4 * MiB, 2 * MiB], seed: 1 });
  await ground.hyperv.add('archive', { disks: [2 * MiB], seed: 2, on: false });
  authority = ground.folder('authority-of-test.pem');
  await writeFile(authority, certificate.certificate);
});
after(async () => await ground?.[Symbol.asyncDispose]());

interface Seen {
  readonly code: number;
  readonly err: string;
  readonly checks: readonly Check[];
  readonly told: Readonly<Record<string, string>>;
  of(id: string): Check;
}

async function doctor(
  source: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const { hyperv, samba } = ground;
  const known = { KUBEFERRY_PASSWORD: hyperv.password, KUBEFERRY_SHARE_PASSWORD: samba.password };
  const share = ['--path-map', `C:\\VMs=smb://${samba.host}:${samba.port}/VMs`, '--share-user', samba.user];
  const { code, out, err } = await kubeferry(['doctor', source, ...share, '-o', 'json', ...args], {
    services: { credentials: { environment: { ...known, ...environment } } },
  });
  const checks: readonly Check[] = JSON.parse(out === '' ? '[]' : out);
  return {
    ...{ code, err, checks },
    told: Object.fromEntries(checks.map(({ id, outcome }) => [id, outcome])),
    of: (id) => checks.find((check) => check.id === id) ?? assert.fail(`no check ${id} in ${out} ${err}`),
  };
}

test('a host where everything works is fine from the name to the bytes', async () => {
  const { code, told, of } = await doctor(ground.hyperv.url, ['--ca-file', authority]);
  assert.deepEqual(told, {
    ...{ dns: 'ok', tcp: 'ok', certificate: 'ok', tls: 'ok', logins: 'ok', login: 'ok', shell: 'ok', module: 'ok', rights: 'ok' },
    ...{ versions: 'ok', cluster: 'skipped', inventory: 'ok', rct: 'ok', disks: 'ok' },
  });
  assert.equal(code, 0);
  assert.match(of('logins').finding, /the service takes .*Negotiate/);
  assert.match(of('shell').finding, /^a script answered in \d+ ms/);
  assert.match(of('rct').finding, /^2 of 2 VMs can be migrated warm/);
  assert.match(of('disks').finding, /^disk scsi0:0 of archive: .*archive\.vhdx is a VHDX of .*; SMB 3\S* signed/);
  assert.deepEqual(ground.hyperv.ledger.checkpoints, []);
  assert.equal(ground.hyperv.ledger.openShells, 0);
});

test('a port that speaks no TLS is told at its certificate', async () => {
  const { hyperv } = ground;
  const { code, told, of } = await doctor(`hyperv://${hyperv.username}@${hyperv.host}:${hyperv.port}`, []);
  // Only 5985 means HTTP.
  assert.equal(code, 3);
  assert.equal(told['certificate'], 'failed', of('certificate').finding);
});

test('links of warm migrations are tried on the VM that is named, and taken back', async () => {
  const { hyperv } = ground;
  const { code, told, err, of } = await doctor(hyperv.url, ['--ca-file', authority, '--try-checkpoint', 'web']);
  assert.equal(code, 0, JSON.stringify(told));
  for (const id of ['checkpoint', 'frozen', 'reference-point', 'changes', 'taken-back']) assert.equal(told[id], 'ok', id);
  assert.match(err, /web gets two checkpoints for a moment/);
  assert.match(of('frozen').finding, /scsi0:0: .* is a VHDX .*; scsi0:1: /);
  assert.match(of('reference-point').finding, /counts changes of scsi0:0, scsi0:1/);
  assert.match(of('frozen').label, /experimental/);
  assert.deepEqual([hyperv.ledger.checkpoints, hyperv.ledger.referencePoints], [[], []]);
  assert.equal(
    (await doctor(hyperv.url, ['--ca-file', authority, '--try-checkpoint', 'nobody'])).of('checkpoint').outcome,
    'failed',
  );
});

test('a checkpoint whose disks cannot be read is taken back too', async () => {
  const { hyperv } = ground;
  const wrong = { KUBEFERRY_SHARE_PASSWORD: 'wrong' };
  const { code, told, of } = await doctor(hyperv.url, ['--ca-file', authority, '--try-checkpoint', 'web'], wrong);
  assert.equal(code, 3);
  assert.equal(told['disks'], 'failed');
  assert.equal(told['frozen'], 'failed');
  assert.ok(of('disks').todo);
  assert.equal(told['changes'], undefined);
  assert.equal(told['taken-back'], 'ok');
  assert.deepEqual([hyperv.ledger.checkpoints, hyperv.ledger.referencePoints], [[], []]);
});

test('each broken link is named, with what to do, and ends the tests there', async () => {
  const { hyperv } = ground;
  for (const [args, environment, id, todo] of [
    [[], {}, 'tls', /--ca-file/],
    [['--ca-file', authority, '--login', 'basic'], {}, 'logins', /Auth\\Basic \$true/],
    [['--ca-file', authority], { KUBEFERRY_PASSWORD: 'wrong' }, 'login', /LocalAccountTokenFilterPolicy/],
  ] as const) {
    const { code, checks } = await doctor(hyperv.url, args, environment);
    assert.equal(code, 3);
    assert.deepEqual([checks.at(-1)?.id, checks.at(-1)?.outcome], [id, 'failed']);
    assert.match(checks.at(-1)?.todo ?? '', todo);
  }
  const closed = await doctor('hyperv://me@127.0.0.1:1', []);
  assert.match(closed.of('tcp').todo ?? '', /Enable-PSRemoting/);
  assert.match((await doctor('hyperv+ssh://me@127.0.0.1:1', [])).of('tcp').todo ?? '', /OpenSSH\.Server/);
});

test('the nodes of a cluster are looked at one by one, and what an account may do is told', async () => {
  await using cluster = await startHyperv({ hosts: ['HV1', 'HV2'], cluster: 'CL1', rights: 'hyperv-administrator' });
  await cluster.add('web', { on: false, disks: [2 * MiB], host: 'HV2' });
  const env = { KUBEFERRY_PASSWORD: cluster.password };
  const known = ['--path-map', `C:\\ClusterStorage\\Volume1=${cluster.real('C:\\ClusterStorage\\Volume1')}`, '--insecure'];
  const whole = await doctor(cluster.url, known, env);
  assert.equal(whole.code, 0, JSON.stringify(whole.checks));
  assert.deepEqual(
    whole.checks.filter(({ id }) => id === 'node').map(({ label, outcome }) => `${label} ${outcome}`),
    ['Node HV1 ok', 'Node HV2 ok'],
  );
  assert.equal(whole.told['tls'], 'warning');
  assert.equal(whole.told['rights'], 'warning');
  assert.match(whole.of('rights').todo ?? '', /C\$/);
  assert.match(whole.of('disks').finding, /of web: \/.* is a VHDX/);

  await cluster.kill('HV2');
  const half = await doctor(cluster.url, known, env);
  assert.equal(half.code, 3);
  assert.equal(half.checks.find(({ label }) => label === 'Node HV2')?.outcome, 'failed');
});
