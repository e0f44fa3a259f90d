import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-not-ready.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, inspected } from './sample.ts';

const LACKS = inspected({ drivers: { kernels: [{ version: '5.10', virtio: true, virtioAtBoot: false, virtioNet: true }] } });

test('a guest that lacks what it is said to have is critical, with the reason', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('skip'), inspection: LACKS }), ['Critical inspection.drivers']);
  const [finding] = findings(rule, {}, { guest: asked('skip'), inspection: LACKS });
  assert.match(finding?.assessment ?? '', /initial RAM disk of kernel 5\.10 lacks the virtio disk driver/);
});

test('the firmware that counts is that of the target', () => {
  const uefi = { firmware: { kind: 'uefi' } } as const;
  assert.deepEqual(verdicts(rule, {}, { guest: asked('skip'), inspection: inspected() }), []);
  assert.deepEqual(verdicts(rule, uefi, { guest: asked('skip'), inspection: inspected() }), ['Critical inspection.drivers']);
  assert.deepEqual(verdicts(rule, uefi, { guest: asked('skip'), inspection: inspected(), options: { firmware: 'bios' } }), []);
});

test('whoever does not claim it is not asked', () => {
  for (const policy of ['convert', 'compatibility', 'none'] as const) {
    assert.deepEqual(verdicts(rule, {}, { guest: asked(policy), inspection: LACKS }), []);
  }
  assert.deepEqual(verdicts(rule, {}, { guest: asked('skip') }), []);
});
