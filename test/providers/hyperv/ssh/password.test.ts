import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { openSsh } from '../../../../providers/hyperv/ssh/index.ts';
import { fingerprintOf } from '../../../../providers/hyperv/ssh/known-hosts.ts';
import { MigrationError } from '../../../../src/model/errors.ts';

const USER = 'LAB\\ada';
const PASSWORD = 'correct horse';

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly thumbprint: string;
}

async function startServer(method: string): Promise<Server> {
  const script = new URL('../../../peers/sshd/password-server.py', import.meta.url).pathname;
  const server = spawn('setpriv', ['--pdeathsig', 'TERM', '/usr/bin/python3', script, method], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'close');
  const [line] = await Promise.race([once(server.stdout, 'data'), ended]);
  const [port, key = ''] = String(line).trim().split(' ');
  return {
    port: Number(port),
    thumbprint: fingerprintOf(Buffer.from(key, 'base64')),
    [Symbol.asyncDispose]: async () => {
      server.kill();
      await ended;
    },
  };
}

describe('passwords over SSH', () => {
  const signal = AbortSignal.timeout(30_000);

  for (const method of ['password', 'keyboard-interactive']) {
    test(`a server that offers ${method} gets the password, and a wrong one is told without repeating it`, async () => {
      await using server = await startServer(method);
      const trust = { thumbprint: server.thumbprint };
      const place = { host: '127.0.0.1', port: server.port };
      const login = async (password: string) =>
        await openSsh(place, { credentials: async () => ({ user: USER, password }), trust }, signal);
      await using remote = await login(PASSWORD);
      assert.equal(remote.host, '127.0.0.1');
      await assert.rejects(login('guess'), (error) => {
        assert.ok(error instanceof MigrationError);
        assert.equal(error.code, 'source-login-failed');
        assert.doesNotMatch(`${error.message} ${error.hint}`, /guess/);
        return true;
      });
    });
  }

  test('a password that nobody gives is told as that', async () => {
    await using server = await startServer('password');
    const missing = new MigrationError('credentials-missing', 'No password is given');
    const credentials = async () => {
      throw missing;
    };
    const opened = openSsh(
      { host: '127.0.0.1', port: server.port, user: USER },
      { credentials, trust: { thumbprint: server.thumbprint } },
      signal,
    );
    await assert.rejects(opened, missing);
  });
});
