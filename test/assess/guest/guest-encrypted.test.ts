import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-encrypted.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, inspected, rootless } from './sample.ts';

const LUKS = { device: '/dev/sda3', kind: 'luks', uuid: '0f1e', opened: false } as const;
const CLOSED = rootless({ systems: [], encrypted: [LUKS] });

test('a closed volume around the system is critical, and what to give is said', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: CLOSED }), ['Critical inspection.encrypted[0]']);
  const [without] = findings(rule, {}, { guest: asked('convert'), inspection: CLOSED });
  assert.match(without?.assessment ?? '', /no passphrase was given.*\/dev\/sda3=PASSPHRASE/);
  const [wrong] = findings(rule, {}, { guest: asked('convert', { keys: '/home/me/keys' }), inspection: CLOSED });
  assert.match(wrong?.assessment ?? '', /none of the passphrases in \/home\/me\/keys opens it/);
});

test('beside the system it is a warning', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('skip'), inspection: inspected({ encrypted: [LUKS] }) }), [
    'Warning inspection.encrypted[0]',
  ]);
});

test('what is open, or Clevis opens, or nobody has to open, is fine', () => {
  const opened = inspected({
    encrypted: [
      { ...LUKS, opened: true },
      { ...LUKS, kind: 'bitlocker' },
    ],
  });
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: opened }), []);
  for (const volume of ['all', '/dev/sda3', '0f1e']) {
    assert.deepEqual(verdicts(rule, {}, { guest: asked('convert', { clevis: [volume] }), inspection: CLOSED }), []);
  }
  assert.deepEqual(verdicts(rule, {}, { guest: asked('none'), inspection: CLOSED }), []);
});
