/** What keeps a VM of Hyper-V from moving is told by facts that the rules hear. One case for each. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { z } from 'zod';
import { toSourceVm } from '../../../../providers/hyperv/inventory/index.ts';
import type { Vm } from '../../../../providers/hyperv/scripts/vm-answer.ts';
import { RULES } from '../../../../src/assess/rules.ts';
import type { MigrationType } from '../../../../src/model/phase.ts';
import { verdicts } from '../../../assess/verdicts.ts';
import { adapterAnswer, driveAnswer, hostAnswer, imageAnswer, vmAnswer } from '../answers.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const RUNNING = { state: 'Running', kvp: { OSName: 'Windows Server 2019 Standard' } } as const;

/** Ids of the rules that find something, with their categories. */
function judge(facts: Partial<z.input<typeof Vm>>, type: MigrationType): readonly string[] {
  const vm = toSourceVm(vmAnswer(facts), hostAnswer());
  return RULES.flatMap((rule) => verdicts(rule, vm, { type }).map((verdict) => `${verdict.split(' ')[0]} ${rule.id}`));
}

const CASES: readonly (readonly [string, Partial<z.input<typeof Vm>>, MigrationType, string])[] = [
  ['a shielded VM', { security: { shielded: true } }, 'cold', 'Critical shielded-vm'],
  ['an encrypted state', { security: { encryptedState: true } }, 'cold', 'Critical guest-isolation'],
  ['a confidential VM', { security: { isolation: 'TDX' } }, 'cold', 'Critical guest-isolation'],
  ['a TPM below Windows', { ...RUNNING, security: { tpm: true } }, 'cold', 'Critical tpm-present'],
  [
    'keys of secure boot that nobody has',
    { firmware: { secureBoot: true, template: 'OpenSourceShieldedVM', bootOrder: [] } },
    'cold',
    'Warning secure-boot-template',
  ],
  ['a pass-through disk, cold', { disks: [driveAnswer({ path: null, diskNumber: 2, chain: [] })] }, 'cold', 'Warning disk-rdm'],
  [
    'a pass-through disk, warm',
    { disks: [driveAnswer({ path: null, diskNumber: 2, chain: [] })] },
    'warm',
    'Critical warm-disk-unfrozen',
  ],
  ['a shared VHDX', { disks: [driveAnswer({ shared: true })] }, 'cold', 'Critical disk-shared'],
  ['a shared VHDX, warm', { disks: [driveAnswer({ shared: true })] }, 'warm', 'Critical warm-disk-unfrozen'],
  ['a VHD Set', { disks: [driveAnswer({ chain: [imageAnswer({ format: 'VHDSet' })] })] }, 'cold', 'Critical disk-vhd-set'],
  [
    'a VHD, warm',
    { disks: [driveAnswer({ chain: [imageAnswer({ format: 'VHD' })] })] },
    'warm',
    'Warning warm-resilient-tracking',
  ],
  ['an old configuration version, warm', { version: '5.0' }, 'warm', 'Critical warm-resilient-tracking'],
  [
    'sectors of 4096 bytes',
    { disks: [driveAnswer({ chain: [imageAnswer({ logicalSectorSize: 4096 })] })] },
    'cold',
    'Warning disk-4kn',
  ],
  [
    'a chain of images',
    { disks: [driveAnswer({ chain: [imageAnswer({ type: 'Differencing' }), imageAnswer({ path: 'D:\\VMs\\base.vhdx' })] })] },
    'cold',
    'Information disk-differencing',
  ],
  ['persistent memory', { disks: [driveAnswer({ controllerType: 'PMEM' })] }, 'warm', 'Critical warm-resilient-tracking'],
  [
    'an image that cannot be looked at',
    { disks: [driveAnswer({ chain: [{ path: 'D:\\VMs\\x.vhdx', format: 'VHDX', type: 'Unknown', unreadable: 'gone.' }] })] },
    'cold',
    'Critical disk-unreadable',
  ],
  ['a virtual subnet', { adapters: [adapterAnswer({ virtualSubnet: 5001 })] }, 'cold', 'Warning nic-overlay'],
  ['a trunk', { adapters: [adapterAnswer({ vlan: { mode: 'Trunk', allowed: '1-9', native: 0 } })] }, 'cold', 'Warning nic-trunk'],
  [
    'a private VLAN',
    { adapters: [adapterAnswer({ vlan: { mode: 'Private', primary: 5, privateMode: 'Community' } })] },
    'cold',
    'Critical nic-private-vlan',
  ],
  ['replication', { replication: { mode: 'Primary', state: 'Replicating' } }, 'cold', 'Warning replication-active'],
  ['a replica', { replication: { mode: 'Replica', state: 'Replicating' } }, 'cold', 'Critical replication-active'],
  [
    'a recovery checkpoint of a backup',
    { checkpoints: [{ id: ID, name: 'Backup', type: 'Recovery' }] },
    'cold',
    'Warning snapshots-foreign',
  ],
  [
    'a recovery checkpoint of a backup, warm',
    { checkpoints: [{ id: ID, name: 'Backup', type: 'Recovery' }] },
    'warm',
    'Critical warm-resilient-tracking',
  ],
  [
    'automatic checkpoints',
    { checkpoints: [{ id: ID, name: 'A', type: 'Standard', automatic: true }] },
    'cold',
    'Information snapshots-automatic',
  ],
  ['a device of the host', { devices: [{ kind: 'dda', label: 'PCIROOT(0)' }] }, 'cold', 'Critical pci-passthrough'],
  ['a share of a graphics card', { devices: [{ kind: 'gpu-partition', label: 'GPU' }] }, 'cold', 'Critical vgpu'],
  ['Fibre Channel', { devices: [{ kind: 'fibre-channel', label: 'HBA' }] }, 'cold', 'Critical fibre-channel'],
  ['a saved state', { state: 'Saved' }, 'cold', 'Critical suspended'],
  ['lost storage', { state: 'OffCritical' }, 'cold', 'Critical vm-not-connected'],
  ['disks that could not be listed', { unread: ['Get-VMHardDiskDrive'] }, 'cold', 'Critical vm-not-connected'],
  [
    'dynamic memory',
    { memory: { startup: '1073741824', dynamic: true, maximum: '8589934592' } },
    'cold',
    'Warning memory-dynamic',
  ],
  [
    'a guest that cannot be shut down',
    { ...RUNNING, integration: [{ id: '9f8233ac-be49-4c79-8ee3-e7e1985b2077', enabled: false, ok: false }] },
    'cold',
    'Warning integration-services',
  ],
];

describe('a rule hears of', () => {
  const sound = { disks: [driveAnswer({ shared: false })], adapters: [adapterAnswer()] };
  for (const [what, facts, type, expected] of CASES) {
    it(`${what}: ${expected}`, () => {
      assert.ok(!judge(sound, type).includes(expected), 'a sound VM has it as well');
      assert.ok(judge({ ...sound, ...facts }, type).includes(expected), judge({ ...sound, ...facts }, type).join('\n'));
    });
  }

  it('nothing that keeps a sound VM from moving warm', () => {
    const critical = judge({ ...sound, ...RUNNING }, 'warm').filter((verdict) => verdict.startsWith('Critical'));
    assert.deepEqual(critical, []);
  });
});
