import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessOptions, letsIn, readSecretLogin, secretTexts } from '../../src/resources/provider-access.ts';

const SERVER = { insecure: false, transport: 'auto' } as const;
const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n';

test('a Secret with everything is read, and written again as it was', async () => {
  const texts = {
    ...{ user: 'LAB\\ada', password: 'hush', 'ca.crt': 'CA', thumbprint: 'ab', 'tls.crt': 'CERT', 'tls.key': 'KEY' },
    ...{
      'share-user': 'reader',
      'share-password': 'hush too',
      'ssh-privatekey': KEY,
      'ssh-passphrase': 'p',
      known_hosts: 'hv1 ssh-rsa AA\n',
    },
  };
  const login = readSecretLogin(texts);
  assert.deepEqual(secretTexts(login), texts);
  const options = accessOptions({ ...SERVER, insecure: true, loginMethod: 'ntlm' }, login);
  assert.deepEqual(await options.credentials?.(), { user: 'LAB\\ada', password: 'hush' });
  assert.deepEqual(await options.shareCredentials?.(), { user: 'reader', password: 'hush too' });
  assert.deepEqual(options.trust, { ca: 'CA', thumbprint: 'ab', insecure: true });
  assert.equal(options.loginMethod, 'ntlm');
  assert.deepEqual(options.ssh, { user: 'LAB\\ada', privateKey: KEY, passphrase: 'p', knownHosts: 'hv1 ssh-rsa AA\n' });
});

test('line ends of editors are no part of a password, and a private key keeps its own', () => {
  const login = readSecretLogin({ user: 'ada\n', password: 'hush\r\n', 'ssh-privatekey': KEY });
  assert.deepEqual(login.credentials, { user: 'ada', password: 'hush' });
  assert.equal(login.ssh?.privateKey, KEY);
});

test('a password, a certificate or a key lets somebody in; half of one does not', () => {
  for (const secret of [
    { user: 'a', password: 'b' },
    { 'tls.crt': 'c', 'tls.key': 'k' },
    { user: 'a', 'ssh-privatekey': KEY },
  ])
    assert.ok(letsIn(readSecretLogin(secret)), JSON.stringify(secret));
  for (const secret of [
    {},
    { user: 'a' },
    { password: 'b' },
    { 'tls.crt': 'c' },
    { 'ssh-privatekey': KEY },
    { 'share-user': 'a' },
  ])
    assert.ok(!letsIn(readSecretLogin(secret)), JSON.stringify(secret));
});

test('a certificate is the way to log in where no other is named', () => {
  const login = readSecretLogin({ 'tls.crt': 'c', 'tls.key': 'k' });
  assert.equal(accessOptions(SERVER, login).loginMethod, 'certificate');
});

test('shares are where they are, and claims where workers see them', () => {
  const paths = [
    { from: 'C:\\VMs', share: '\\\\nas\\vms' },
    { from: 'D:\\VMs', claim: 'd-drive', folder: 'VMs' },
    { from: 'E:\\', claim: 'e-drive' },
  ];
  assert.deepEqual(accessOptions({ ...SERVER, paths }, { trust: {} }).paths, [
    { from: 'C:\\VMs', to: '\\\\nas\\vms' },
    { from: 'D:\\VMs', to: '/shares/d-drive/VMs' },
    { from: 'E:\\', to: '/shares/e-drive' },
  ]);
});
