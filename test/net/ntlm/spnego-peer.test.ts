/** Our tokens inside SPNEGO, judged by MIT's GSSAPI with gss-ntlmssp below it: the order of messages, the list's signature, the ciphers after it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../../../providers/hyperv/winrm/connection.ts';
import { ACTION, writeEnvelope } from '../../../providers/hyperv/winrm/envelope.ts';
import { seal, unseal } from '../../../providers/hyperv/winrm/sealed.ts';
import { startNtlm } from '../../../src/net/ntlm/index.ts';
import { startNtlmPeer } from '../../peers/ntlm/peer.ts';

const signal = AbortSignal.timeout(30_000);

test('a login with SPNEGO around it is accepted, proves the server, and seals what follows', async () => {
  await using peer = await startNtlmPeer({ accounts: ['PEERDOMAIN:operator:correct horse'], spnego: true });
  const connection = new Connection({ host: peer.host, port: peer.port, tls: false }, { patience: 10_000 });
  const login = startNtlm({ user: 'operator', password: 'correct horse', target: 'HTTP/server', workstation: 'FERRY' });
  const say = async (token: Buffer): Promise<Buffer> => {
    const { challenges } = await connection.post(
      { authorization: `Negotiate ${token.toString('base64')}` },
      Buffer.alloc(0),
      signal,
    );
    return Buffer.from(challenges[0]?.replace('Negotiate ', '') ?? '', 'base64');
  };
  try {
    const last = await say(login.next(await say(login.first())));
    assert.notEqual(last.length, 0, peer.refusals());
    login.finish(last);
    for (const turn of [1, 2]) {
      const { contentType, body } = seal(Buffer.from(writeEnvelope({ action: ACTION.create }, 'here', 20)), login.session);
      const answer = await connection.post({ 'content-type': contentType }, body, signal);
      // It wants another kind of shell: it could read the envelope, and we its answer.
      assert.match(unseal(answer.body, answer.contentType, login.session).toString(), /Code="87"/, `message ${turn}`);
    }
  } finally {
    await connection.close();
  }
});
