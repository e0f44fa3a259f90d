import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-loader-missing.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, inspected } from './sample.ts';

const BARE = inspected({ boot: { uefi: { device: '/dev/sda1', loaders: ['/efi/debian/shimx64.efi'], fallback: false } } });

test('a loader that a stored entry alone finds is lost, unless a conversion copies it', () => {
  for (const policy of ['none', 'compatibility'] as const) {
    assert.deepEqual(verdicts(rule, {}, { guest: asked(policy), inspection: BARE }), ['Critical inspection.boot.uefi']);
  }
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: BARE }), ['Information inspection.boot.uefi']);
  assert.match(findings(rule, {}, { inspection: BARE })[0]?.assessment ?? '', /\/efi\/debian\/shimx64\.efi/);
});

test('with the fallback, on BIOS, and where another rule speaks of it, it is fine', () => {
  const both = inspected({ boot: { uefi: { device: '/dev/sda1', loaders: ['/efi/boot/bootx64.efi'], fallback: true } } });
  assert.deepEqual(verdicts(rule, {}, { inspection: both }), []);
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'bios' } }, { inspection: BARE }), []);
  const legacy = inspected({ boot: { ...BARE.boot, bios: true } });
  assert.deepEqual(verdicts(rule, {}, { inspection: legacy }), []);
  assert.deepEqual(verdicts(rule, { firmware: { kind: 'uefi' } }, { inspection: legacy }), ['Critical inspection.boot.uefi']);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('skip'), inspection: BARE }), []);
});
