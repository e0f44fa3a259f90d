import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/integration-services.ts';
import { verdicts } from '../verdicts.ts';

test('a service that is off is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      platform: { vendor: 'hyperv' },
      guest: { tools: { installed: true, services: [{ name: 'Shutdown', enabled: false }] } },
    }),
    ['Warning guest.tools.services'],
  );
});

test('a running guest that says nothing is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      power: 'on',
      platform: { vendor: 'hyperv' },
      guest: { tools: { installed: true, services: [{ name: 'Shutdown', enabled: true }] } },
    }),
    ['Warning guest.tools.services'],
  );
});

test('a service that is not needed may be off', () => {
  assert.deepEqual(
    verdicts(rule, {
      power: 'off',
      platform: { vendor: 'hyperv' },
      guest: { tools: { installed: true, services: [{ name: 'Guest Service Interface', enabled: false }] } },
    }),
    [],
  );
});
