import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/usb-device.ts';
import { verdicts } from '../verdicts.ts';

test('a USB device is lost', () => {
  assert.deepEqual(
    verdicts(rule, {
      devices: [
        { kind: 'usb-controller', label: 'USB' },
        { kind: 'usb-device', label: 'Dongle' },
      ],
    }),
    ['Warning devices[1]'],
  );
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
