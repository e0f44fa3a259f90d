import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfSigned } from '../peers/certificate.ts';
import { startVcsim } from '../peers/vcsim.ts';
import { kubeferry } from './session.ts';

test('the doctor looks at every link of a vCenter', async (t) => {
  const server = await startVcsim({ autostart: false, tls: selfSigned() });
  t.after(async () => await server[Symbol.asyncDispose]());
  const source = `vsphere://${encodeURIComponent(server.username)}@${server.host}:${server.port}`;
  const services = { credentials: { environment: { KUBEFERRY_PASSWORD: server.password } } };

  async function outcomes(
    args: readonly string[],
    more: object = {},
  ): Promise<{ code: number; told: Record<string, string>; out: string }> {
    const { code, out } = await kubeferry(['doctor', ...args, '-o', 'json'], { services: { ...services, ...more } });
    const checks = JSON.parse(out) as { id: string; outcome: string }[];
    return { code, out, told: Object.fromEntries(checks.map(({ id, outcome }) => [id, outcome])) };
  }

  await t.test('a healthy server passes, and what it cannot do is a warning', async () => {
    const { code, told, out } = await outcomes([source, '--thumbprint', server.thumbprint.sha256]);
    assert.equal(code, 0, out);
    for (const id of ['dns', 'tcp', 'tls', 'api', 'login', 'clock', 'inventory', 'tags', 'cbt'])
      assert.equal(told[id], 'ok', `${id} in ${out}`);
    assert.equal(told['range'], 'warning');
    assert.equal(told['lease'], 'warning');
  });

  await t.test('a wrong thumbprint stops before the login and tells the right one', async () => {
    const { code, told, out } = await outcomes([source, '--thumbprint', 'a'.repeat(64)]);
    assert.equal(code, 3);
    assert.equal(told['tls'], 'failed');
    assert.equal(told['login'], undefined);
    assert.ok(out.includes(server.thumbprint.sha256));
  });

  await t.test('a wrong password is named as such', async () => {
    const wrong = { credentials: { environment: { KUBEFERRY_PASSWORD: 'wrong' } } };
    const { code, told } = await outcomes([source, '--thumbprint', server.thumbprint.sha1], wrong);
    assert.equal(code, 3);
    assert.equal(told['login'], 'failed');
  });

  await t.test('nothing behind the port, and no such name, end the tests there', async () => {
    assert.deepEqual((await outcomes(['vsphere://127.0.0.1:1'])).told, { dns: 'ok', tcp: 'failed' });
    assert.deepEqual((await outcomes(['vsphere://no-such-host.invalid'])).told, { dns: 'failed' });
  });
});
