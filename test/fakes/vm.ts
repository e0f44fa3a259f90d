/** Small, complete values for tests that need some VM and not a particular one. */
import type { Mapping } from '../../src/model/mapping.ts';
import type { VmPlan } from '../../src/model/plan.ts';
import type { Report } from '../../src/model/report.ts';
import { GiB } from '../../src/model/units.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { ITINERARIES } from '../../src/plan/itineraries.ts';

export function fakeVm(facts: Partial<SourceVm> & { readonly name?: string } = {}): SourceVm {
  const name = facts.name ?? 'web';
  return {
    ref: { id: `fake:${name}`, name },
    name,
    cpu: { count: 2 },
    memory: { size: 4 * GiB },
    firmware: { kind: 'bios' },
    identity: {},
    clock: {},
    guest: { osName: 'Debian 12' },
    controllers: [{ key: 'scsi0', kind: 'pvscsi' }],
    disks: [{ key: 'scsi0:0', label: 'Hard disk 1', capacity: GiB, format: { container: 'raw' } }],
    cdroms: [],
    nics: [],
    devices: [],
    snapshots: {},
    platform: {},
    extras: [],
    ...facts,
  };
}

export function fakePlan(vm: SourceVm = fakeVm(), mapping: Partial<Mapping> = {}): VmPlan {
  const targetName = mapping.targetName ?? vm.name;
  return {
    vm,
    type: 'cold',
    itinerary: ITINERARIES.cold,
    mapping: {
      vm: vm.ref,
      targetName,
      manifests: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: `${targetName}-disk-0` },
          spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Block', resources: { requests: { storage: '1Gi' } } },
        },
      ],
      placements: vm.disks.map(({ key }, index) => ({ disk: key, claim: `${targetName}-disk-${index}` })),
      decisions: [],
      concerns: [],
      ...mapping,
    },
  };
}

export function fakeReport(plans: readonly VmPlan[] = [fakePlan()]): Report {
  return {
    schema: 'kubeferry.dev/report/v1',
    source: 'guest.ova',
    createdAt: '2026-01-02T03:04:05.000Z',
    vms: plans.map((plan) => ({ vm: plan.vm, concerns: plan.mapping.concerns, plan })),
    concerns: [],
  };
}
