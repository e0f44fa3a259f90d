import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/warm-resilient-tracking.ts';
import type { SourceVm } from '../../../src/model/vm.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

const PLATFORM = { vendor: 'hyperv', hardwareVersion: '9.0' } as const;
const SOUND: Partial<SourceVm> = { platform: PLATFORM, disks: [disk({ format: { container: 'vhdx' } })] };

test('a VM of a current version with VHDX disks is fine', () => {
  assert.deepEqual(verdicts(rule, SOUND, { type: 'warm' }), []);
  assert.deepEqual(verdicts(rule, { ...SOUND, platform: { ...PLATFORM, hardwareVersion: '10.0' } }, { type: 'warm' }), []);
});

test('a configuration version before Windows Server 2016 is critical', () => {
  const old = { ...SOUND, platform: { ...PLATFORM, hardwareVersion: '5.0' } };
  assert.deepEqual(verdicts(rule, old, { type: 'warm' }), ['Critical platform.hardwareVersion']);
});

test('persistent memory is critical, and a VHD is slow', () => {
  const disks = [disk({ format: { container: 'vhd' } }), disk({ format: { container: 'vhdx' }, pmem: true })];
  assert.deepEqual(verdicts(rule, { ...SOUND, disks }, { type: 'warm' }), [
    'Warning disks[0].format',
    'Critical disks[1].format',
  ]);
});

test('a recovery checkpoint of a backup is critical, other checkpoints are slow, and our own are none', () => {
  const having = (...list: { name: string; kind?: 'recovery' | 'standard' }[]): readonly string[] =>
    verdicts(rule, { ...SOUND, snapshots: { count: list.length, list } }, { type: 'warm' });
  assert.deepEqual(having({ name: 'Backup', kind: 'recovery' }, { name: 'Before', kind: 'standard' }), [
    'Critical snapshots.list',
  ]);
  assert.deepEqual(having({ name: 'Before', kind: 'standard' }), ['Warning snapshots.list']);
  assert.deepEqual(having({ name: 'kubeferry web 1a2b 3', kind: 'recovery' }), []);
});

test('nothing of it matters to a cold migration, nor to vSphere', () => {
  const bad: Partial<SourceVm> = {
    platform: { ...PLATFORM, hardwareVersion: '5.0' },
    disks: [disk({ format: { container: 'vhd' } })],
  };
  assert.deepEqual(verdicts(rule, bad), []);
  assert.deepEqual(verdicts(rule, { ...bad, platform: { vendor: 'vmware', hardwareVersion: 'vmx-5' } }, { type: 'warm' }), []);
});
