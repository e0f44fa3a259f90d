/** The least that hosts and VMs can answer, for tests that look at one fact. Written by hand after the contract: no host was asked. */
import type { z } from 'zod';
import { Host } from '../../../providers/hyperv/scripts/host-answer.ts';
import { type Adapter, type HardDisk, type Image, Vm } from '../../../providers/hyperv/scripts/vm-answer.ts';

export const SWITCH_ID = '8a4c3f5e-0b1d-4a77-9c7e-0a1b2c3d4e5f';
export const VM_ID = '2fe70974-c81a-4f3a-bf4e-7be405b88c97';
export const ADAPTER_ID = '596574F5-A810-43EF-B349-D20783874CE5';

export function hostAnswer(facts: Partial<z.input<typeof Host>> = {}): Host {
  return Host.parse({
    name: 'HV1',
    fqdn: 'hv1.example.net',
    version: '10.0.20348',
    product: 'Microsoft Windows Server 2022 Datacenter',
    hyperv: true,
    switches: [{ id: SWITCH_ID, name: 'LAN', type: 'External' }],
    volumes: [
      { path: 'C:\\', kind: 'local', fileSystem: 'NTFS', size: '107374182400', free: '53687091200' },
      { path: 'D:\\VMs\\', kind: 'local', fileSystem: 'ReFS', size: '1099511627776' },
    ],
    shares: [{ name: 'C$', path: 'C:\\', special: true }],
    ...facts,
  });
}

export function vmAnswer(facts: Partial<z.input<typeof Vm>> = {}): Vm {
  return Vm.parse({
    id: VM_ID,
    name: 'web',
    state: 'Off',
    generation: 2,
    version: '10.0',
    notes: 'runs the shop',
    host: 'HV1',
    processor: { count: 4 },
    memory: { startup: '4294967296', dynamic: false },
    identity: {},
    scsiControllers: 1,
    disks: [],
    dvds: [],
    adapters: [],
    devices: [],
    integration: [],
    kvp: {},
    checkpoints: [],
    ...facts,
  });
}

export function driveAnswer(facts: Partial<HardDisk> = {}): HardDisk {
  const path = facts.path ?? 'D:\\VMs\\web\\disk.vhdx';
  return {
    id: `Microsoft:${VM_ID.toUpperCase()}\\83F8638B-8DCA-4152-9EDA-2CA8B33039B4\\0\\0\\D`,
    controllerType: 'SCSI',
    controllerNumber: 0,
    controllerLocation: 0,
    path,
    chain: [imageAnswer({ path })],
    ...facts,
  };
}

export function imageAnswer(facts: Partial<Image> = {}): Image {
  return {
    path: 'D:\\VMs\\web\\disk.vhdx',
    format: 'VHDX',
    type: 'Dynamic',
    size: '42949672960',
    fileSize: '4294967296',
    blockSize: 33554432,
    logicalSectorSize: 512,
    physicalSectorSize: 4096,
    attached: false,
    ...facts,
  };
}

export function adapterAnswer(facts: Partial<Adapter> = {}): Adapter {
  return {
    id: `Microsoft:${VM_ID.toUpperCase()}\\${ADAPTER_ID}`,
    name: 'Network Adapter',
    mac: '00155D012A0B',
    dynamicMac: true,
    legacy: false,
    connected: true,
    switchId: SWITCH_ID,
    switchName: 'LAN',
    addresses: [],
    vlan: { mode: 'Untagged' },
    ...facts,
  };
}
