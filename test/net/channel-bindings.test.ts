import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { channelBindings } from '../../src/net/channel-bindings.ts';
import { selfSigned } from '../peers/certificate.ts';

const { raw } = new X509Certificate(selfSigned().certificate);

/** The certificate as if it had been signed by another algorithm of ECDSA; nobody checks the signature here. */
function signedBy(last: string): X509Certificate {
  return new X509Certificate(Buffer.from(raw.toString('hex').replaceAll('2a8648ce3d040302', `2a8648ce3d0403${last}`), 'hex'));
}

test('the certificate is hashed by the hash of its own signature (RFC 5929)', () => {
  for (const [last, hash] of [
    ['02', 'sha256'],
    ['03', 'sha384'],
    ['04', 'sha512'],
  ] as const) {
    const certificate = signedBy(last);
    const digest = createHash(hash).update(certificate.raw).digest();
    assert.deepEqual(channelBindings(certificate), Buffer.concat([Buffer.from('tls-server-end-point:'), digest]));
  }
});

test('nothing is bound to a certificate whose signature has no such hash', () => {
  assert.equal(channelBindings(signedBy('7f')), undefined);
});
