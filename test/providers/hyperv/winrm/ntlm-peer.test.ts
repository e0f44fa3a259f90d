/** Our client against a service whose NTLM is Debian's gss-ntlmssp; the commands are real processes of this machine. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Service, type ServiceOptions } from '../../../../providers/hyperv/winrm/service.ts';
import { type Command, Shell } from '../../../../providers/hyperv/winrm/shell.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { channelBindings } from '../../../../src/net/channel-bindings.ts';
import { selfSigned } from '../../../peers/certificate.ts';
import { type NtlmPeer, startNtlmPeer } from '../../../peers/ntlm/peer.ts';

const ACCOUNTS = ['PEERDOMAIN:operator:correct horse', 'PEERDOMAIN:bär:päss wörd€', 'PEER:local:secret'];
const OPERATOR = { user: 'PEERDOMAIN\\operator', password: 'correct horse' };
const signal = AbortSignal.timeout(60_000);

/** Over HTTP each message is sealed; over HTTPS the login is bound to the certificate, and nothing is sealed twice. */
let http: NtlmPeer;
let https: NtlmPeer;
const person = selfSigned({ hosts: ['operator'] });

before(async () => {
  [http, https] = await Promise.all([
    startNtlmPeer({ accounts: ACCOUNTS, seconds: 0.2, piece: 1001, forgets: 7 }),
    startNtlmPeer({
      accounts: ACCOUNTS,
      tls: true,
      authority: person.certificate,
      basic: 'operator:correct horse',
      bindings: ({ certificate }) => channelBindings(new X509Certificate(certificate)) ?? Buffer.alloc(0),
    }),
  ]);
});
after(async () => {
  await Promise.all([http, https].map((peer) => peer[Symbol.asyncDispose]()));
});

async function run(peer: NtlmPeer, options: ServiceOptions, command: Command, until = signal) {
  const tls = peer === https;
  const trust = { ...(tls && { thumbprint: peer.certificate.thumbprint.sha256 }) };
  await using service = new Service({ host: peer.host, port: peer.port, tls }, { trust, ...options });
  await using shell = new Shell(service);
  return await shell.run(command, until);
}

const asOperator: ServiceOptions = { credentials: async () => OPERATOR };
const say = (text: string): Command => ({ program: 'sh', args: ['-c', text], input: '' });

test('input and output pass a sealed connection whole, though pieces cut characters and the service forgets who we are', async () => {
  const input = 'Zeile ä€🚢\n'.repeat(20_000);
  const ended = await run(http, asOperator, { program: 'cat', args: [], input });
  assert.equal(ended.stdout, input);
  assert.equal(ended.exitCode, 0);
});

test('both outputs and the exit code come back, after longer than the service waits', async () => {
  const ended = await run(http, asOperator, say('echo out; echo "<&>" >&2; sleep 0.5; echo more; exit 3'));
  assert.deepEqual(ended, { stdout: 'out\nmore\n', stderr: '<&>\n', exitCode: 3 });
});

test('arguments arrive as they are, whatever XML makes of them', async () => {
  const words = ['a b', `<&>"'`, 'ä€', '--x=1\ttab'];
  const ended = await run(http, asOperator, { program: 'printf', args: ['%s|', ...words], input: '' });
  assert.equal(ended.stdout, `${words.join('|')}|`);
});

test('commands run beside each other, each over a connection of its own', async () => {
  await using service = new Service({ host: http.host, port: http.port, tls: false }, asOperator);
  await using shell = new Shell(service);
  const folder = `/tmp/kubeferry-meeting-${process.pid}`;
  // Each waits for the other one.
  const meet = (mine: string, other: string) =>
    say(`mkdir -p ${folder}; touch ${folder}/${mine}; while [ ! -e ${folder}/${other} ]; do sleep 0.05; done; echo met`);
  const ended = await Promise.all([shell.run(meet('a', 'b'), signal), shell.run(meet('b', 'a'), signal)]);
  await shell.run(say(`rm -r ${folder}`), signal);
  assert.deepEqual(
    ended.map(({ stdout }) => stdout),
    ['met\n', 'met\n'],
  );
});

test('a command that is given up is ended on the host', async () => {
  const controller = new AbortController();
  const reason = new Error('given up');
  const mark = `sleep 1${process.pid}`;
  await using service = new Service({ host: http.host, port: http.port, tls: false }, asOperator);
  await using shell = new Shell(service);
  const running = shell.run(say(`exec ${mark}`), controller.signal);
  const count = async () => (await shell.run(say(`ps -eo args | grep -cx '${mark}'`), signal)).stdout.trim();
  while ((await count()) !== '1');
  controller.abort(reason);
  await assert.rejects(running, reason);
  assert.equal(await count(), '0');
});

test('who leaves while a command runs ends it, and nothing stays open', async () => {
  const mark = `sleep 2${process.pid}`;
  const service = new Service({ host: http.host, port: http.port, tls: false }, asOperator);
  const shell = new Shell(service);
  // Whether the end of the process is heard before the connection is cut, is anybody's guess.
  const running = shell.run(say(`exec ${mark}`), signal).then(
    ({ exitCode }) => exitCode !== 0,
    (error: unknown) => error instanceof MigrationError,
  );
  const count = async () => (await run(http, asOperator, say(`ps -eo args | grep -cx '${mark}'`))).stdout.trim();
  while ((await count()) !== '1');
  await shell[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  assert.equal(await running, true);
  assert.equal(await count(), '0');
});

test('a name and a password with characters of other alphabets log in', async () => {
  const credentials = async () => ({ user: 'PEERDOMAIN\\bär', password: 'päss wörd€' });
  assert.equal((await run(http, { credentials }, say('echo in'))).stdout, 'in\n');
});

test('an account of the server itself is meant by a point', async () => {
  const credentials = async () => ({ user: '.\\local', password: 'secret' });
  assert.equal((await run(http, { credentials }, say('echo in'))).stdout, 'in\n');
});

test('a wrong password is refused, and the error does not tell it', async () => {
  for (const peer of [http, https]) {
    const credentials = async () => ({ ...OPERATOR, password: 'wrong horse' });
    const failed = run(peer, { credentials, loginMethod: 'ntlm' }, say('echo in'));
    await assert.rejects(failed, (error: unknown) => {
      assert.ok(error instanceof MigrationError);
      assert.equal(error.code, 'source-login-failed');
      assert.doesNotMatch(JSON.stringify(error) + error.stack, /wrong horse/);
      return true;
    });
  }
});

test('a login over HTTPS is bound to the certificate that the server shows', async () => {
  assert.equal((await run(https, { ...asOperator, loginMethod: 'ntlm' }, say('echo in'))).stdout, 'in\n');
});

test('a login that was made for another certificate is refused', async () => {
  await using other = await startNtlmPeer({
    accounts: ACCOUNTS,
    tls: true,
    bindings: () => Buffer.from('tls-server-end-point:other'),
  });
  const options = { ...asOperator, trust: { thumbprint: other.certificate.thumbprint.sha256 } };
  await using service = new Service({ host: other.host, port: other.port, tls: true }, options);
  await using shell = new Shell(service);
  await assert.rejects(shell.open(signal), { code: 'source-login-failed' });
});

test('Basic and a certificate log in over HTTPS', async () => {
  const credentials = async () => ({ user: 'operator', password: OPERATOR.password });
  assert.equal((await run(https, { credentials }, say('echo basic'))).stdout, 'basic\n');
  const clientCertificate = { certificate: person.certificate, key: person.key };
  assert.equal((await run(https, { clientCertificate }, say('echo certificate'))).stdout, 'certificate\n');
});

test('nothing but NTLM goes over plain HTTP, and a server with another certificate gets no login', async () => {
  for (const loginMethod of ['basic', 'certificate', 'kerberos'] as const) {
    await assert.rejects(run(http, { ...asOperator, loginMethod }, say('echo in')), { code: 'usage' });
  }
  let asked = 0;
  const credentials = async () => {
    asked += 1;
    return OPERATOR;
  };
  const trust = { thumbprint: http.certificate.thumbprint.sha256 };
  await assert.rejects(run(https, { credentials, trust }, say('echo in')), { code: 'source-untrusted' });
  assert.equal(asked, 0);
});
