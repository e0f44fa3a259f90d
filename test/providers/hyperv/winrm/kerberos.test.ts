/** Logins by tickets of a real KDC (MIT's), judged by MIT's GSSAPI with the keys of the service. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Service } from '../../../../providers/hyperv/winrm/service.ts';
import { Shell } from '../../../../providers/hyperv/winrm/shell.ts';
import { type Kdc, startKdc } from '../../../peers/ntlm/kdc.ts';
import { useKerberosPackage } from '../../../peers/ntlm/kerberos-package.ts';
import { type NtlmPeer, startNtlmPeer } from '../../../peers/ntlm/peer.ts';

const signal = AbortSignal.timeout(120_000);
let kdc: Kdc;
let peer: NtlmPeer;

before(async () => {
  kdc = await startKdc({ user: 'operator', password: 'secret', service: 'HTTP/localhost' });
  Object.assign(process.env, kdc.environment.user);
  peer = await startNtlmPeer({ accounts: [], tls: true, kerberos: kdc.environment.service });
});
after(async () => {
  await peer?.[Symbol.asyncDispose]();
  await kdc?.[Symbol.asyncDispose]();
});

async function say(host: string): Promise<string> {
  const trust = { thumbprint: peer.certificate.thumbprint.sha256 };
  await using service = new Service({ host, port: peer.port, tls: true }, { loginMethod: 'kerberos', trust });
  await using shell = new Shell(service);
  return (await shell.run({ program: 'echo', args: ['in'], input: '' }, signal)).stdout;
}

test('without the package the error says what to install', async () => {
  await assert.rejects(say('localhost'), { code: 'tool-missing', hint: /npm install kerberos/ });
});

test('a ticket logs in, with another token for each request, and a host without a name in the realm is told', async () => {
  await useKerberosPackage();
  assert.equal(await say('localhost'), 'in\n', peer.refusals());
  await assert.rejects(say('127.0.0.1'), { code: 'source-login-failed', hint: /IP address/ });
});
