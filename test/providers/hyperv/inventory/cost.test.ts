import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toSourceVm, toSurroundings } from '../../../../providers/hyperv/inventory/index.ts';
import { readAnswer } from '../../../../providers/hyperv/scripts/answer.ts';
import type { Host } from '../../../../providers/hyperv/scripts/host-answer.ts';
import type { Vm } from '../../../../providers/hyperv/scripts/vm-answer.ts';
import { adapterAnswer, driveAnswer, hostAnswer, imageAnswer, vmAnswer } from '../answers.ts';

const ROUNDS = 3;
/** Ten times the VMs may cost so many times more. Quadratic work would make it a hundred. */
const RATIO = 25;

function vmId(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}

/** A cluster in which each VM has a role, two disks with a parent in common, and an adapter. */
function fleet(size: number): { readonly host: Host; readonly vms: readonly Vm[] } {
  const roles = Array.from({ length: size }, (_, index) => ({
    ...{ vm: vmId(index), group: `role ${index}`, owner: 'HV1', antiAffinity: [`pair ${index >> 1}`] },
  }));
  const host = hostAnswer({ cluster: { name: 'CL1', readable: true, nodes: [{ name: 'HV1', state: 'Up' }], roles } });
  const vms = Array.from({ length: size }, (_, index) => {
    const disks = [0, 1].map((controllerLocation) =>
      driveAnswer({
        controllerLocation,
        path: `D:\\VMs\\${index}\\${controllerLocation}.vhdx`,
        chain: [
          imageAnswer({ type: 'Differencing', path: `D:\\VMs\\${index}\\${controllerLocation}.vhdx` }),
          imageAnswer({ path: 'D:\\VMs\\golden.vhdx' }),
        ],
      }),
    );
    return vmAnswer({
      id: vmId(index),
      name: `vm ${index}`,
      disks,
      adapters: [adapterAnswer()],
      kvp: { OSName: 'Ubuntu', OSMajorVersion: '24' },
    });
  });
  return { host, vms };
}

/** Milliseconds of the quickest of some rounds, each with a host that nobody has seen before. */
function cost(size: number): number {
  const { host, vms } = fleet(size);
  const stdout = JSON.stringify({ vms });
  const rounds = Array.from({ length: ROUNDS }, () => {
    const fresh = structuredClone(host);
    const start = performance.now();
    const answer = readAnswer('vms', { stdout, stderr: '', exitCode: 0 }, 'HV1');
    const mapped = answer.vms.map((vm) => toSourceVm(vm, fresh));
    const { relations } = toSurroundings([fresh]);
    assert.equal(mapped.length, size);
    assert.equal(relations?.length, size / 2);
    return performance.now() - start;
  });
  return Math.min(...rounds);
}

test('5,000 VMs cost ten times what 500 do', () => {
  cost(500);
  const few = cost(500);
  const many = cost(5000);
  assert.ok(many < RATIO * few, `${few.toFixed(1)} ms and ${many.toFixed(1)} ms`);
});
