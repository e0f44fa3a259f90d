import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ScriptFailed } from '../../../../providers/hyperv/scripts/answer.ts';
import { openSsh } from '../../../../providers/hyperv/ssh/index.ts';
import type { Credentials, SshLogin, Trust } from '../../../../src/contracts/credentials.ts';
import { type Sshd, startSshd } from '../../../peers/sshd.ts';

const NOBODY = async (): Promise<Credentials> => {
  throw new Error('no password was to be asked for');
};
const VM = '11111111-2222-3333-4444-555555555555';
const STATE = JSON.stringify({ state: 'Running' });

describe('a host by SSH', () => {
  let sshd: Sshd;
  let key: string;
  const signal = AbortSignal.timeout(60_000);

  before(async () => {
    sshd = await startSshd({
      answers: {
        power: { stdout: STATE, stderr: '#< CLIXML' },
        disks: { stdout: JSON.stringify({ failed: { code: 'vm-not-found', message: 'Nicht gefunden.' } }), exitCode: 1 },
        forget: { stdout: JSON.stringify({ destroyed: [] }), after: 10_000 },
      },
    });
    key = await readFile(sshd.keyFile, 'utf8');
  });
  after(async () => await sshd[Symbol.asyncDispose]());

  const open = async (login: SshLogin = { privateKey: key }, trust: Trust = { thumbprint: sshd.fingerprint }) =>
    await openSsh({ host: '127.0.0.1', port: sshd.port, user: sshd.user }, { credentials: NOBODY, trust, login }, signal);

  test('scripts and their input arrive as they are, and answers come back', async () => {
    await using remote = await open();
    const input = { vm: VM, action: 'state' } as const;
    assert.deepEqual(await remote.run('power', input, signal), { state: 'Running' });
    assert.deepEqual((await sshd.told()).at(-1), { script: 'power', input });
  });

  test('calls side by side keep within the quota of sessions', async () => {
    await using remote = await open();
    const calls = Array.from({ length: 12 }, () => remote.run('power', { vm: VM, action: 'state' }, signal));
    assert.deepEqual(new Set((await Promise.all(calls)).map(({ state }) => state)), new Set(['Running']));
  });

  test('what a script says went wrong is told by its code', async () => {
    await using remote = await open();
    await assert.rejects(
      remote.run('disks', { vm: VM }, signal),
      (error) => error instanceof ScriptFailed && error.code === 'vm-not-found',
    );
  });

  test('a call that is given up ends, and the connection serves the next one', async () => {
    await using remote = await open();
    const stop = new AbortController();
    const call = remote.run('forget', { vm: VM, referencePoints: [] }, stop.signal);
    setImmediate(() => stop.abort(new Error('enough')));
    await assert.rejects(call, /enough/);
    assert.equal((await remote.run('power', { vm: VM, action: 'state' }, signal)).state, 'Running');
  });

  test('a connection that is cut fails its call, and the next one opens another', async () => {
    await using remote = await open();
    const before = (await sshd.told()).length;
    const call = remote.run('forget', { vm: VM, referencePoints: ['cut'] }, signal);
    const failed = assert.rejects(call, { code: 'source-answer-broken' });
    while ((await sshd.told()).length === before) signal.throwIfAborted();
    await sshd.cut();
    await failed;
    assert.equal((await remote.run('power', { vm: VM, action: 'state' }, signal)).state, 'Running');
  });

  test('keys of known_hosts with hashed names are known, also where the file has only the second one', async () => {
    const ecdsa = sshd.knownHosts
      .split('\n')
      .filter((line) => line.includes('ecdsa'))
      .join('\n');
    for (const knownHosts of [sshd.knownHosts, ecdsa]) {
      await using remote = await open({ privateKey: key, knownHosts }, {});
      assert.equal(remote.host, '127.0.0.1');
    }
  });

  test('a host that nobody vouches for is not taken on first sight, and nothing is shown to it', async () => {
    await assert.rejects(open({ privateKey: key }, {}), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'source-untrusted');
      assert.match(error.message, new RegExp(`Nobody vouches .*: ${sshd.fingerprint.replaceAll(/[+/]/g, '\\$&')}`));
      return true;
    });
    const wrong = `SHA256:${'A'.repeat(43)}`;
    await assert.rejects(open({ privateKey: key, knownHosts: sshd.knownHosts }, { thumbprint: wrong }), {
      code: 'source-untrusted',
    });
    await using remote = await open({ privateKey: key }, { insecure: true });
    assert.equal(remote.host, '127.0.0.1');
  });

  test('an encrypted key needs its passphrase', async () => {
    const privateKey = await readFile(sshd.encryptedKeyFile, 'utf8');
    await assert.rejects(open({ privateKey }), { code: 'config-invalid', message: /passphrase is missing or wrong/ });
    await assert.rejects(open({ privateKey, passphrase: 'wrong' }), { code: 'config-invalid' });
    await using remote = await open({ privateKey, passphrase: sshd.passphrase });
    assert.equal(remote.host, '127.0.0.1');
  });

  test('an agent shows its keys', async (t) => {
    const started = await promisify(execFile)('ssh-agent', ['-s', '-a', `${sshd.folder}/agent`]);
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started.stdout)?.[1]);
    t.after(() => process.kill(pid));
    const agent = `${sshd.folder}/agent`;
    await promisify(execFile)('ssh-add', ['-q', sshd.keyFile], { env: { ...process.env, SSH_AUTH_SOCK: agent } });
    await using remote = await open({ agent });
    assert.equal((await remote.run('power', { vm: VM, action: 'state' }, signal)).state, 'Running');
  });

  test('a key that is not let in is a login that failed', async () => {
    const privateKey = await readFile(sshd.strangerFile, 'utf8');
    await assert.rejects(open({ privateKey }), { code: 'source-login-failed' });
  });

  test('nothing behind the port is told as that', async () => {
    const place = { host: '127.0.0.1', port: 1, user: 'me' };
    await assert.rejects(openSsh(place, { credentials: NOBODY, login: { privateKey: key } }, signal), {
      code: 'source-unreachable',
    });
  });
});
