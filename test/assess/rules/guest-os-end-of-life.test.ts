import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-os-end-of-life.ts';
import { verdicts } from '../verdicts.ts';

test('a system out of support is noted', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'centos7_64Guest', osIdKind: 'vmware' } }), ['Information guest.osId']);
});

test('a supported or unknown one is not', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows2022srvNext_64Guest' } }), []);
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows2019srvNext-64' } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
