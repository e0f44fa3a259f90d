import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parsePathMap } from '../../src/cli/hyperv-options.ts';
import type { ConnectOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { selfSigned } from '../peers/certificate.ts';
import { scratch } from '../transfer/fixture.ts';
import { kubeferry } from './session.ts';

interface Asked {
  readonly code: number;
  readonly err: string;
  readonly options: ConnectOptions | undefined;
}

/** What `connect` is called with, which then fails. */
async function asked(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Asked> {
  let options: ConnectOptions | undefined;
  const connect = async (_: string, given: ConnectOptions): Promise<never> => {
    options = given;
    throw new MigrationError('source-unreachable', 'Nobody is there.');
  };
  const { code, err } = await kubeferry(['inventory', ...args], { services: { connect, credentials: { environment } } });
  return { code, err, options };
}

const HOST = 'hyperv://ada@hv1';
const BY_SSH = 'hyperv+ssh://ada@hv1';

test('options of Hyper-V reach the provider', async () => {
  const { options } = await asked(
    [
      ...[HOST, '--login', 'ntlm', '--share-user', 'LAB\\reader'],
      ...['--path-map', 'C:\\VMs=\\\\nas\\vms', '--path-map', 'D:/more=/mnt/more'],
    ],
    { KUBEFERRY_SHARE_PASSWORD: 'hush' },
  );
  assert.equal(options?.loginMethod, 'ntlm');
  assert.deepEqual(options?.paths, [
    { from: 'C:\\VMs', to: '\\\\nas\\vms' },
    { from: 'D:\\more', to: '/mnt/more' },
  ]);
  assert.deepEqual(await options?.shareCredentials?.(), { user: 'LAB\\reader', password: 'hush' });
  const none = (await asked([HOST])).options;
  assert.deepEqual(
    [none?.loginMethod, none?.paths, none?.shareCredentials, none?.ssh],
    [undefined, undefined, undefined, undefined],
  );
});

test('what does not go together is told before anything is opened', async () => {
  for (const [args, why] of [
    [['vsphere://me@vc', '--login', 'ntlm'], /--login is for hyperv/],
    [['guest.ova', '--path-map', 'C:\\a=/b'], /--path-map is for hyperv/],
    [[HOST, '--transport', 'range'], /--transport means nothing/],
    [[HOST, '--client-key', 'k.pem'], /go together/],
    [[HOST, '--login', 'certificate'], /needs --client-certificate/],
    [[HOST, '--login', 'basic', '--client-certificate', 'c.pem', '--client-key', 'k.pem'], /does not use a certificate/],
    [[HOST, '--ssh-key', 'id'], /is for hyperv\+ssh/],
    [[BY_SSH, '--login', 'basic'], /--login is for hyperv:/],
    [[BY_SSH, '--ca-file', 'ca.pem'], /known_hosts/],
    [[HOST, '--path-map', 'VMs=/mnt'], /A folder of the host/],
    [[HOST, '--login', 'pigeon'], /Allowed choices/],
  ] as const) {
    const { code, err, options } = await asked(args);
    assert.deepEqual([code, options], [2, undefined], args.join(' '));
    assert.match(err, why);
  }
  const { code, err } = await kubeferry(['doctor', 'vsphere://me@vc', '--try-checkpoint', 'web']);
  assert.equal(code, 2);
  assert.match(err, /--try-checkpoint is for hyperv/);
});

test('a path map is split where both sides make sense', () => {
  for (const [text, from, to] of [
    ['C:\\VMs=/mnt/vms', 'C:\\VMs', '/mnt/vms'],
    ['C:\\a=b\\c=/mnt/x=y', 'C:\\a=b\\c', '/mnt/x=y'],
    ['C:\\a=/mnt=/x', 'C:\\a', '/mnt=/x'],
    ['C:\\ClusterStorage\\Volume1=\\\\nas\\csv1\\deep', 'C:\\ClusterStorage\\Volume1', '\\\\nas\\csv1\\deep'],
    ['c:/VMs=//nas/vms', 'c:\\VMs', '\\\\nas\\vms'],
    ['\\\\sofs\\vms=/mnt/vms', '\\\\sofs\\vms', '/mnt/vms'],
    ['C:\\VMs=smb://nas:4450/vms', 'C:\\VMs', 'smb://nas:4450/vms'],
    ['C:\\=\\\\nas\\c', 'C:\\', '\\\\nas\\c'],
  ] as const)
    assert.deepEqual(parsePathMap(text), { from, to }, text);
  for (const text of ['', '=', 'C:\\VMs', 'C:\\VMs=', 'C:\\VMs=mnt', '=/mnt', 'VMs=/mnt', 'C:\\VMs=\\\\nas', '/mnt=/mnt'])
    assert.throws(() => parsePathMap(text), /A folder of the host/, text);
});

test('a client certificate logs in by itself, with its own key only', async () => {
  await using place = await scratch();
  const mine = selfSigned();
  const other = selfSigned();
  const write = (name: string, text: string): string => {
    writeFileSync(place.path(name), text);
    return place.path(name);
  };
  const cert = write('cert.pem', mine.certificate);
  const key = write('key.pem', mine.key);
  const locked = write('locked.pem', encrypted(mine.key, 'sesame'));
  const given = (file: string): readonly string[] => [HOST, '--client-certificate', cert, '--client-key', file];

  const { options } = await asked(given(key));
  assert.equal(options?.loginMethod, 'certificate');
  assert.match(options?.clientCertificate?.key ?? '', /BEGIN PRIVATE KEY/);
  assert.equal(
    (await asked(given(locked), { KUBEFERRY_KEY_PASSPHRASE: 'sesame' })).options?.clientCertificate?.key,
    options?.clientCertificate?.key,
  );
  for (const [file, why] of [
    [write('other.pem', other.key), /is not the key of/],
    [locked, /holds no private key that can be read/],
    [cert, /holds no private key/],
    [place.path('none'), /cannot be read/],
  ] as const) {
    const wrong = await asked(given(file));
    assert.deepEqual([wrong.code, wrong.options], [2, undefined], file);
    assert.match(wrong.err, why);
  }
});

test('SSH brings along what its own client would know', async () => {
  await using place = await scratch();
  const key = place.path('id');
  writeFileSync(key, 'PRIVATE KEY');
  mkdirSync(place.path('.ssh'));
  writeFileSync(place.path('.ssh/known_hosts'), 'hv1 ssh-ed25519 AAAA\n');
  const { options } = await asked([BY_SSH, '--ssh-key', key], { HOME: place.folder, SSH_AUTH_SOCK: '/run/agent' });
  assert.equal(options?.ssh?.privateKey, 'PRIVATE KEY');
  assert.equal(options?.ssh?.agent, '/run/agent');
  assert.match(options?.ssh?.knownHosts ?? '', /^hv1 ssh-ed25519 AAAA$/m);
});

function encrypted(key: string, passphrase: string): string {
  return createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString();
}
