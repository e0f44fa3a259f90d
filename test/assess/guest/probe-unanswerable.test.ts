import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/probe-unanswerable.ts';
import type { BootProbe } from '../../../src/model/boot-proof.ts';
import { parseMac } from '../../../src/model/units.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

const mac = parseMac('00:50:56:00:00:01');
const NIC = nic({ ...(mac !== undefined && { mac }) });

function judged(probes: readonly BootProbe[], nics = [NIC]): readonly string[] {
  return verdicts(rule, { nics }, { guest: { proof: { probes } } });
}

test('nothing answers without a NIC, or through one that is not there', () => {
  assert.deepEqual(judged([{ kind: 'tcp', port: 22 }], []), ['Critical options.probes']);
  assert.deepEqual(judged([{ kind: 'tcp', port: 22, mac: '00:50:56:00:00:02' }]), ['Critical options.probes']);
});

test('a NIC that is there, or may be, is fine', () => {
  assert.deepEqual(judged([{ kind: 'tcp', port: 22 }]), []);
  assert.deepEqual(judged([{ kind: 'tcp', port: 22, mac: '00:50:56:00:00:01' }]), []);
  assert.deepEqual(judged([{ kind: 'tcp', port: 22, mac: '00:50:56:00:00:02' }], [NIC, nic()]), []);
  assert.deepEqual(judged([], []), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
