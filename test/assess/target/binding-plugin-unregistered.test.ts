import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/target/binding-plugin-unregistered.ts';
import { targetVerdicts } from '../target-verdicts.ts';

test('a plugin that nobody registered is critical', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { interfaces: [{ name: 'a', binding: { name: 'l2bridge' } }] } },
      facts: { bindingPlugins: ['passt'] },
    }),
    ['Critical VirtualMachine/….domain.devices.interfaces[0].binding'],
  );
});

test('a registered one is fine', () => {
  assert.deepEqual(
    targetVerdicts(rule, {
      domain: { devices: { interfaces: [{ name: 'a', binding: { name: 'passt' } }] } },
      facts: { bindingPlugins: ['passt'] },
    }),
    [],
  );
});

test('without facts nobody knows', () => {
  assert.deepEqual(
    targetVerdicts(rule, { domain: { devices: { interfaces: [{ name: 'a', binding: { name: 'l2bridge' } }] } } }),
    [],
  );
});
