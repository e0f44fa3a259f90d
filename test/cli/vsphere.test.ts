import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startVcsim } from '../peers/vcsim.ts';
import { kubeferry } from './session.ts';

test('the commands work on a vCenter', async (t) => {
  const server = await startVcsim();
  t.after(async () => await server[Symbol.asyncDispose]());
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-cli-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${server.password}\n`);
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, server.certificate);
  const source = `vsphere://${encodeURIComponent(server.username)}@${server.host}:${server.port}`;
  const login = { credentials: { environment: { KUBEFERRY_PASSWORD_FILE: passwordFile } } };

  await t.test('an inventory is listed, with the authority from a file and the password from another', async () => {
    const { code, out, err } = await kubeferry(['inventory', source, '--ca-file', caFile], { services: login });
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.match(out, /DC0_C0_RP0_VM1/);
  });

  await t.test('ndjson holds one VM a line, and --select chooses among them', async () => {
    const args = ['inventory', source, '--thumbprint', server.thumbprint.sha1, '-o', 'ndjson'];
    const { out } = await kubeferry([...args, '--select', 'cluster=dc0_c0', '--select', '*VM0'], { services: login });
    const names = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).name);
    assert.deepEqual(names, ['DC0_C0_RP0_VM0']);
  });

  await t.test('a plan says what a migration of one VM would do', async () => {
    const { out, err } = await kubeferry(['plan', source, 'DC0_H0_VM0', '--ca-file', caFile], { services: login });
    assert.equal(err, '');
    assert.match(out, /DC0_DVPG0/);
  });

  await t.test('a certificate that nobody vouches for is refused before a password is asked for', async () => {
    const asked: string[] = [];
    const ask = async (question: string) => `${asked.push(question)}`;
    const { code, err } = await kubeferry(['inventory', source], { services: { credentials: { environment: {}, ask } } });
    assert.equal(code, 3);
    assert.match(err, /\[source-untrusted\]/);
    assert.deepEqual(asked, []);
  });

  await t.test('--insecure is loud, and a wrong password is told without repeating it', async () => {
    const services = { credentials: { environment: { KUBEFERRY_PASSWORD: 'not-the-one' } } };
    const { code, err } = await kubeferry(['inventory', source, '--insecure'], { services });
    assert.equal(code, 3);
    assert.match(err, /WARNING: --insecure/);
    assert.match(err, /\[source-login-failed\]/);
    assert.doesNotMatch(err, /not-the-one/);
  });

  await t.test('a missing password and one in the URL are refused as usage', async () => {
    assert.equal((await kubeferry(['inventory', source, '--ca-file', caFile])).code, 2);
    const { code, err } = await kubeferry(['inventory', `vsphere://me:hush@${server.host}`]);
    assert.equal(code, 2);
    assert.doesNotMatch(err, /hush/);
  });
});
