import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-tools-foreign.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, inspected } from './sample.ts';

test('tools of the old hypervisor are named, with what becomes of them', () => {
  const inspection = inspected({ tools: ['open-vm-tools', 'cloud-init'] });
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection }), ['Information inspection.tools']);
  assert.match(
    findings(rule, {}, { guest: asked('convert'), inspection })[0]?.assessment ?? '',
    /open-vm-tools\..*takes them away/,
  );
  assert.match(findings(rule, {}, { inspection })[0]?.assessment ?? '', /they stay/);
});

test('tools that belong to KVM are fine', () => {
  assert.deepEqual(verdicts(rule, {}, { inspection: inspected({ tools: ['qemu-guest-agent'] }) }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
