import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/package-properties.ts';
import { verdicts } from '../verdicts.ts';

test('an appliance with properties is a warning', () => {
  assert.deepEqual(
    verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', properties: [{ key: 'ip', userConfigurable: true }] } }),
    ['Warning packaging.properties'],
  );
});

test('a package without properties is fine', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', properties: [] } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
