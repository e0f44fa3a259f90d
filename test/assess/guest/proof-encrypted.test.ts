import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/proof-encrypted.ts';
import { verdicts } from '../verdicts.ts';
import { asked, inspected } from './sample.ts';

const LUKS = inspected({ encrypted: [{ device: '/dev/sda3', kind: 'luks', opened: true }] });

test('an encrypted guest asks for its passphrase in its proof', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: LUKS }), ['Warning options.proof']);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert', { keys: '/k' }) }), ['Warning options.proof']);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert', { clevis: ['all'] }) }), ['Warning options.proof']);
});

test('without a proof, or without encryption, it is fine', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: { conversion: { policy: 'convert' } }, inspection: LUKS }), []);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert', { keys: '/k' }), inspection: inspected() }), []);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert') }), []);
});
