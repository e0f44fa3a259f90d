import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/compatibility-devices.ts';
import { disk } from '../../mappings/small-vm.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked } from './sample.ts';

test('slow devices are told, and more so with many disks', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('compatibility') }), ['Information options.devices']);
  assert.deepEqual(verdicts(rule, {}, { options: { devices: 'compatibility' } }), ['Information options.devices']);
  const disks = Array.from({ length: 7 }, (_, index) => disk({ key: `scsi0:${index}` }));
  assert.match(
    findings(rule, { disks }, { guest: asked('compatibility') })[0]?.assessment ?? '',
    /7 disks need several SATA controllers/,
  );
});

test('virtio is fast', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert') }), []);
});
