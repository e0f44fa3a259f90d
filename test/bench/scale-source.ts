/** A source of as many VMs as one likes, whose disks arrive in no time: what remains is the cost of the operator and of its cluster. */
import type { DiskCopier } from '../../src/contracts/disk-copier.ts';
import type { Connection } from '../../src/contracts/provider.ts';
import type { TransferResult } from '../../src/model/transfer.ts';
import { GiB } from '../../src/model/units.ts';
import type { PowerState, SourceVm } from '../../src/model/vm.ts';
import { fleetVm } from './fleet.ts';
import { connectionOf } from './fleet-run.ts';

const ROOT = '0'.repeat(64);

/** VMs as a vCenter tells them, all running, with one disk each and nothing that a plan would stumble over. */
export function scaleSource(count: number): Connection {
  const states = new Map<string, PowerState>();
  return {
    ...connectionOf(count, plainVm),
    openDisk: (vm, key) => {
      const disk = plainVm(Number(vm.id.slice('vm-'.length))).disks.find((one) => one.key === key);
      return Promise.resolve({ kind: 'blank', capacity: disk?.capacity ?? 0 });
    },
    power: {
      state: (vm) => Promise.resolve(states.get(vm.id) ?? 'on'),
      powerOff: (vm) => {
        states.set(vm.id, 'off');
        return Promise.resolve('guest-shutdown');
      },
      powerOn: (vm) => {
        states.set(vm.id, 'on');
        return Promise.resolve();
      },
    },
  };
}

function plainVm(number: number): SourceVm {
  const vm = fleetVm(number);
  const disks = vm.disks.slice(0, 1).map((disk) => ({ ...disk, mode: 'persistent' as const }));
  const size = { cpu: { count: 2 }, memory: { size: 4 * GiB } };
  return {
    ...vm,
    ...size,
    power: 'on',
    firmware: { kind: 'bios' },
    nics: [],
    devices: [],
    cdroms: [],
    snapshots: { count: 0 },
    disks,
  };
}

/** @param filled says on the claim that its disk is there */
export function instantCopier(filled: (disk: string, root: string, signal: AbortSignal) => Promise<void>): DiskCopier {
  return {
    preflight: () => Promise.resolve({ needed: 0 }),
    copy: async (job, { signal, onProgress }): Promise<TransferResult> => {
      const { id, disk, source } = job;
      const size = source.capacity;
      onProgress({ job: id, stage: 'copy', done: 0, total: 0 });
      await filled(disk, ROOT, signal);
      const proof = { algorithm: 'sha256', blockSize: 65_536, root: ROOT, size, allocated: 0 } as const;
      return { job: id, size, moved: 0, allocated: 0, seconds: 0, transport: 'instant', proof };
    },
  };
}
