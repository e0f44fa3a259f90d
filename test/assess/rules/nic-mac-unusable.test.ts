import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-mac-unusable.ts';
import type { MacAddress } from '../../../src/model/units.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('zeros and group addresses are critical', () => {
  assert.deepEqual(
    verdicts(rule, { nics: [nic({ mac: '00:00:00:00:00:00' as MacAddress }), nic({ mac: '01:00:5e:00:00:01' as MacAddress })] }),
    ['Critical nics[0].mac', 'Critical nics[1].mac'],
  );
});

test('an ordinary address, or none, is fine', () => {
  assert.deepEqual(verdicts(rule, { nics: [nic({ mac: '00:50:56:00:00:01' as MacAddress }), nic()] }), []);
});
