import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { selfSigned } from './certificate.ts';

test('a certificate is signed by its own key and good for the hosts asked for', () => {
  const made = selfSigned({ hosts: ['10.0.0.7', 'vcenter.example.com'] });
  const certificate = new X509Certificate(made.certificate);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.equal(certificate.checkIP('10.0.0.7'), '10.0.0.7');
  assert.equal(certificate.checkHost('vcenter.example.com'), 'vcenter.example.com');
  assert.equal(certificate.checkHost('other.example.com'), undefined);
  assert.equal(certificate.fingerprint256, made.thumbprint.sha256);
});

test('a certificate can be out of date', () => {
  const { certificate } = selfSigned({ notAfter: new Date('2020-01-02T03:04:05Z'), notBefore: new Date('2019-01-02T03:04:05Z') });
  assert.equal(Date.parse(new X509Certificate(certificate).validTo), Date.parse('2020-01-02T03:04:05Z'));
});
