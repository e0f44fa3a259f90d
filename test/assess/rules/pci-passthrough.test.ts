import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/pci-passthrough.ts';
import { verdicts } from '../verdicts.ts';

test('a physical PCI device is critical', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'pci-passthrough', label: 'PCI device 0' }] }), ['Critical devices[0]']);
});

test('other devices are none of its business', () => {
  assert.deepEqual(verdicts(rule, { devices: [{ kind: 'video', label: 'Video card' }] }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
