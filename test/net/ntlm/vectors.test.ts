/** The examples that Microsoft publishes with the protocol ([MS-NLMP] 4.2), and those of MD4 (RFC 1320) and RC4 (RFC 6229). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lmResponse, ntResponse, responseKey, sealingKey, signingKey } from '../../../src/net/ntlm/keys.ts';
import { md4 } from '../../../src/net/ntlm/md4.ts';
import { parseChallenge } from '../../../src/net/ntlm/messages.ts';
import { Rc4 } from '../../../src/net/ntlm/rc4.ts';
import { SessionSecurity } from '../../../src/net/ntlm/session.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const SERVER_CHALLENGE = hex('0123456789abcdef');
const CLIENT_CHALLENGE = Buffer.alloc(8, 0xaa);
const SESSION_KEY = Buffer.alloc(16, 0x55);
const TARGET_INFO = hex('02000c0044006f006d00610069006e00 01000c005300650072007600650072000000 0000');

test('MD4 gives the digests of its specification', () => {
  const digests: readonly (readonly [string, string])[] = [
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ];
  for (const [message, digest] of digests) assert.equal(md4(Buffer.from(message)).toString('hex'), digest);
});

test('RC4 gives the stream of its test vectors, however it is cut', () => {
  const whole = new Rc4(hex('0102030405')).apply(Buffer.alloc(32));
  assert.equal(whole.toString('hex'), 'b2396305f03dc027ccc3524a0a1118a86982944f18fc82d589c403a47a0d0919');
  const cut = new Rc4(hex('0102030405'));
  assert.deepEqual(Buffer.concat([cut.apply(Buffer.alloc(5)), cut.apply(Buffer.alloc(27))]), whole);
});

test('responses and keys are those of the published NTLMv2 example', () => {
  const key = responseKey({ name: 'User', domain: 'Domain' }, 'Password');
  assert.equal(key.toString('hex'), '0c868a403bfd7a93a3001ef22ef02e3f');
  const input = { key, serverChallenge: SERVER_CHALLENGE, clientChallenge: CLIENT_CHALLENGE };
  assert.equal(lmResponse(input).toString('hex'), '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa');
  const { response, sessionBaseKey } = ntResponse({ ...input, time: 0n, targetInfo: TARGET_INFO });
  assert.equal(response.subarray(0, 16).toString('hex'), '68cd0ab851e51c96aabc927bebef6a1c');
  assert.equal(sessionBaseKey.toString('hex'), '8de40ccadbc14a82f15cb0ad0de95ca3');
  assert.equal(new Rc4(sessionBaseKey).apply(SESSION_KEY).toString('hex'), 'c5dad2544fc9799094ce1ce90bc9d03e');
});

test('keys of the session and the sealed message are those of the published example', () => {
  assert.equal(sealingKey(SESSION_KEY, 'client-to-server').toString('hex'), '59f600973cc4960a25480a7c196e4c58');
  assert.equal(signingKey(SESSION_KEY, 'client-to-server').toString('hex'), '4788dc861b4782f35d43fd98fe1a2d39');
  const plaintext = Buffer.from('Plaintext', 'utf16le');
  const options = { keyExchange: true };
  const { signature, sealed } = new SessionSecurity(SESSION_KEY, options).seal(plaintext);
  assert.equal(sealed.toString('hex'), '54e50165bf1936dc996020c1811b0f06fb5f');
  assert.equal(signature.toString('hex'), '010000007fb38ec5c55d497600000000');
  assert.deepEqual(new SessionSecurity(SESSION_KEY, options, 'server').unseal(sealed, signature), plaintext);
});

test('the published challenge is read', () => {
  const message = hex(
    '4e544c4d53535000020000000c000c003800000033828ae2' +
      '0123456789abcdef00000000000000002400240044000000' +
      '060070170000000f530065007200760065007200' +
      TARGET_INFO.toString('hex'),
  );
  const { flags, serverChallenge, pairs } = parseChallenge(message);
  assert.equal(flags, 0xe28a8233);
  assert.deepEqual(serverChallenge, SERVER_CHALLENGE);
  assert.deepEqual(
    pairs.map(({ id, value }) => [id, value.toString('utf16le')]),
    [
      [2, 'Domain'],
      [1, 'Server'],
    ],
  );
});
