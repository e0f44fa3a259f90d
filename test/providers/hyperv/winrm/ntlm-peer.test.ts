/** Our client against a service whose NTLM is Debian's gss-ntlmssp; the commands are real processes. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { Service } from '../../../../providers/hyperv/winrm/service.ts';
import { Shell } from '../../../../providers/hyperv/winrm/shell.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { channelBindings } from '../../../../src/net/channel-bindings.ts';
import { startNtlmPeer } from '../../../peers/ntlm/peer.ts';

const ACCOUNTS = ['PEERDOMAIN:operator:correct horse', 'PEERDOMAIN:Bär:päss wörd€'];
const operator = { user: 'PEERDOMAIN\\operator', password: 'correct horse' };
const signal = AbortSignal.timeout(30_000);

test('a command runs over plain HTTP with each message sealed by NTLM', async () => {
  await using peer = await startNtlmPeer({ accounts: ACCOUNTS });
  await using service = new Service({ host: peer.host, port: peer.port, tls: false }, { credentials: async () => operator });
  await using shell = new Shell(service);
  const input = 'Zeile ä€\n'.repeat(30_000);
  const ended = await shell.run({ program: 'cat', args: [], input }, signal);
  assert.equal(ended.stdout, input);
  assert.equal(ended.exitCode, 0);
});
