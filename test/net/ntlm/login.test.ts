import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNtlm } from '../../../src/net/ntlm/index.ts';
import { hmacMd5, responseKey } from '../../../src/net/ntlm/keys.ts';
import { SessionSecurity } from '../../../src/net/ntlm/session.ts';
import { MECHANISMS, writeInit } from '../../../src/net/ntlm/spnego.ts';
import { parseUser, upperCase } from '../../../src/net/ntlm/user.ts';
import { challengeMessage, fieldOf, negTokenResp } from './messages.ts';

const PASSWORD = 'correct horse';

function login(options: { readonly user?: string; readonly envelope?: 'plain' | 'spnego' } = {}) {
  return startNtlm({ user: 'DOMAIN\\user', password: PASSWORD, envelope: 'plain', target: 'cifs/server', ...options });
}

test('names are taken apart as Windows takes them', () => {
  assert.deepEqual(parseUser('DOMAIN\\user'), { domain: 'DOMAIN', name: 'user' });
  assert.deepEqual(parseUser('user@realm.example'), { domain: '', name: 'user@realm.example' });
  assert.deepEqual(parseUser('user'), { domain: '', name: 'user' });
  assert.equal(upperCase('straße'), 'STRAßE');
});

test('the last message names the user, and holds a checksum over all three where the server tells its time', () => {
  const [session, challenge] = [login(), challengeMessage({ timestamp: 0x01d9a1b2c3d4e5f6n })];
  const first = session.first();
  const last = session.next(challenge);
  assert.equal(fieldOf(last, 28).toString('utf16le'), 'DOMAIN');
  assert.equal(fieldOf(last, 36).toString('utf16le'), 'user');
  assert.deepEqual(fieldOf(last, 12), Buffer.alloc(24), 'no LM response');
  const bare = Buffer.from(last).fill(0, 72, 88);
  assert.deepEqual(last.subarray(72, 88), hmacMd5(session.session.sessionKey, first, challenge, bare));
});

test('the response is bound to what is logged in to, under the key of the password', () => {
  const last = login().next(challengeMessage({ timestamp: 1n }));
  const response = fieldOf(last, 20);
  assert.ok(response.includes(Buffer.from('cifs/server', 'utf16le')));
  const key = responseKey({ name: 'user', domain: 'DOMAIN' }, PASSWORD);
  assert.deepEqual(response.subarray(0, 16), hmacMd5(key, Buffer.from('0123456789abcdef', 'hex'), response.subarray(16)));
});

test('an account of the server gets the name of the server as its domain', () => {
  const last = login({ user: '.\\user' }).next(challengeMessage({}));
  assert.equal(fieldOf(last, 28).toString('utf16le'), 'SERVER');
});

test('a server that offers less than NTLMv2 with 128-bit keys is refused', () => {
  for (const without of [0x80000, 0x20000000, 0x1]) {
    assert.throws(() => login().next(challengeMessage({ without })), { code: 'source-login-failed' });
  }
});

test('an envelope of SPNEGO is put around the tokens, and the list of mechanisms is signed by both', () => {
  const ours = login({ envelope: 'spnego' });
  const plain = login();
  assert.deepEqual(ours.first(), writeInit(plain.first()));
  ours.next(negTokenResp({ token: challengeMessage({ timestamp: 1n }) }));
  const options = { keyExchange: true };
  const server = new SessionSecurity(ours.session.sessionKey, options, 'server');
  const forged = Buffer.from(server.sign(MECHANISMS)).fill(0, 4, 8);
  assert.throws(() => ours.finish(negTokenResp({ state: 0, mic: forged })), { code: 'source-answer-broken' });
});

test('a server that chooses another mechanism, or refuses, is not answered', () => {
  const kerberos = Buffer.from('06092a864886f712010202', 'hex');
  const token = challengeMessage({});
  const next = (answer: Buffer) => () => login({ envelope: 'spnego' }).next(answer);
  assert.throws(next(negTokenResp({ token, mechanism: kerberos })), { code: 'source-answer-broken' });
  assert.throws(next(negTokenResp({ token, state: 2 })), { code: 'source-login-failed' });
  assert.throws(next(negTokenResp({ state: 1 })), { code: 'source-login-failed' });
});

test('a message that was changed, repeated or left out is noticed', () => {
  const options = { keyExchange: true };
  const key = Buffer.alloc(16, 7);
  const message = Buffer.from('a message');
  for (const spoil of ['sealed', 'signature', 'order'] as const) {
    const [client, server] = [new SessionSecurity(key, options), new SessionSecurity(key, options, 'server')];
    if (spoil === 'order') server.seal(message);
    const { sealed, signature } = server.seal(message);
    if (spoil === 'sealed') sealed[3] = (sealed[3] ?? 0) ^ 1;
    if (spoil === 'signature') signature[5] = (signature[5] ?? 0) ^ 1;
    assert.throws(() => client.unseal(sealed, signature), { code: 'source-answer-broken' }, spoil);
  }
});
