import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fingerprintOf, knownKeys, parseFingerprint } from '../../../../providers/hyperv/ssh/known-hosts.ts';

const KEY = Buffer.from('key one');
const OTHER = Buffer.from('key two');
const one = KEY.toString('base64');
const two = OTHER.toString('base64');
const AT = { host: 'hv1.lab', port: 22 };

describe('known_hosts', () => {
  test('a name, one of several, and a pattern name a host; case does not count', () => {
    for (const hosts of ['hv1.lab', 'other,HV1.lab', '*.lab', 'hv?.lab', 'h*1*b']) {
      assert.deepEqual(knownKeys(`# comment\n\n${hosts} ssh-ed25519 ${one} me@home\n`, AT).known, [KEY], hosts);
    }
  });

  test('a name that is excluded, another host and another port are not meant', () => {
    for (const hosts of ['*.lab,!hv1.lab', 'hv1', 'hv1.lab.example', '[hv1.lab]:2222', '?', '*.labs']) {
      assert.deepEqual(knownKeys(`${hosts} ssh-ed25519 ${one}`, AT).known, [], hosts);
    }
    const elsewhere = { host: 'hv1.lab', port: 2222 };
    assert.deepEqual(knownKeys(`hv1.lab ssh-ed25519 ${two}\n[hv1.lab]:2222 ssh-ed25519 ${one}`, elsewhere).known, [KEY]);
  });

  test('revoked keys are told apart, and what an authority signed counts for nothing', () => {
    const text = `@revoked * ssh-ed25519 ${one}\n@cert-authority *.lab ssh-ed25519 ${two}\n`;
    assert.deepEqual(knownKeys(text, AT), { known: [], revoked: [KEY] });
  });

  test('no text makes it fail', () => {
    fc.assert(fc.property(fc.string(), (text) => void knownKeys(text, AT)));
    fc.assert(fc.property(fc.string(), (hosts) => void knownKeys(`|${hosts} ssh-ed25519 ${one}`, AT)));
  });
});

test('a fingerprint is read as ssh-keygen shows it and as digits', () => {
  const shown = fingerprintOf(KEY);
  const digits = Buffer.from(shown.slice(7), 'base64').toString('hex');
  for (const text of [shown, `${shown}=`, digits, digits.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:'), `sha256:${digits}`])
    assert.equal(parseFingerprint(text), shown, text);
  for (const text of ['', 'MD5:aa:bb', 'ab'.repeat(20), 'SHA256:short'])
    assert.throws(() => parseFingerprint(text), { code: 'usage' }, text);
});
