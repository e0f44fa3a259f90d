import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/name-collision.ts';
import { smallVm } from '../../mappings/small-vm.ts';
import { findings, verdicts } from '../verdicts.ts';

const self = { ref: { id: 'vm-1', name: 'Web' }, name: 'Web' };

test('another VM whose name differs in case and punctuation only is a warning', () => {
  const peers = [smallVm(self), smallVm({ ref: { id: 'vm-2', name: 'web_' }, name: 'web_' })];
  assert.deepEqual(verdicts(rule, self, { peers }), ['Warning name']);
});

test('a VM is no namesake of itself', () => {
  assert.deepEqual(verdicts(rule, self, { peers: [smallVm(self)] }), []);
  assert.deepEqual(verdicts(rule, self), []);
});

test('of many namesakes the first five are named', () => {
  const peers = Array.from({ length: 9 }, (_, index) =>
    smallVm({ ref: { id: `n-${index}`, name: `web${'_'.repeat(index)}` }, name: `web${'_'.repeat(index)}` }),
  );
  const [finding] = findings(rule, self, { peers });
  assert.match(finding?.assessment ?? '', /^Also named so: web, web_, web__, web___, web____ and 4 more\./);
});
