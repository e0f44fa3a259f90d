/** Whatever the mapping makes of a source, KubeVirt creates and starts it: a population of varied VMs against KubeVirt's own code. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mapVm } from '../../mappings/index.ts';
import { planPlacement } from '../../mappings/placement-rules.ts';
import { findSharedDisks } from '../../mappings/shared-disks.ts';
import { assignTemplatedNames } from '../../mappings/templates.ts';
import type { ClusterFacts } from '../../src/model/cluster-facts.ts';
import { GUEST_OS_TABLE } from '../../src/model/guest-os.ts';
import type { MappingOptions } from '../../src/model/mapping.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { type AdmissionVerdict, type AnyManifest, admitAll, ON_FROM_1_9, objections } from './kubevirt.ts';
import { NETWORK_MAP, OPTIONS, population, STORAGE_MAP, TARGET, UNUSUAL_MEMORY, USUAL_MEMORY } from './population.ts';

const GUEST_IDS = GUEST_OS_TABLE.flatMap((row) => row.vmware?.[0] ?? []);
/** Objections shown at most; one wrong rule makes hundreds. */
const SHOWN = 20;

function mapAll(vms: readonly SourceVm[], options: MappingOptions, facts: ClusterFacts = {}): readonly AnyManifest[] {
  const names = assignTemplatedNames(vms, options);
  const sharedDisks = findSharedDisks(vms);
  const placement = planPlacement([
    { kind: 'affinity', key: 'Together!', members: vms.slice(0, 9).map(({ ref }) => ref.id) },
    { kind: 'anti-affinity', key: 'x'.repeat(90), members: vms.slice(5, 15).map(({ ref }) => ref.id) },
  ]);
  const tables = { networkMap: NETWORK_MAP, storageMap: STORAGE_MAP, facts, options, sharedDisks, placement };
  return vms.flatMap((vm) => mapVm(vm, { ...tables, name: names.get(vm.ref.id)?.name ?? '' }).manifests);
}

/** One line for each sort of objection, with the number of objects that meet it. */
function sortsOf(verdicts: readonly AdmissionVerdict[]): string {
  const sorts = new Map<string, number>();
  for (const line of verdicts.flatMap(objections)) {
    const sort = line.replace(/^(\S+) \S+,/, '$1,').replace(/\[\d+\]/g, '[]');
    sorts.set(sort, (sorts.get(sort) ?? 0) + 1);
  }
  return [...sorts]
    .map(([sort, count]) => `${count} × ${sort}`)
    .slice(0, SHOWN)
    .join('\n');
}

describe('a population of mapped VMs', () => {
  const vms = population({ count: 500, seed: 20_261_122, guestIds: GUEST_IDS, memorySizes: USUAL_MEMORY });
  const odd = population({ count: 50, seed: 7, guestIds: GUEST_IDS, memorySizes: UNUSUAL_MEMORY });

  it('is created and started by KubeVirt, with virtio and with compatible devices', async () => {
    const virtio = mapAll(vms, { devices: 'virtio', namespace: 'shop' });
    const compatible = mapAll(vms.slice(0, 100), { devices: 'compatibility' });
    const verdicts = await admitAll([...virtio, ...compatible], { gates: ON_FROM_1_9 });
    assert.equal(verdicts.filter((verdict) => verdict.kind === 'VirtualMachine').length, 600);
    assert.equal(sortsOf(verdicts), '');
  });

  it('is created and started whatever its memory sizes are', async () => {
    const verdicts = await admitAll(mapAll(odd, { devices: 'virtio' }), { gates: ON_FROM_1_9 });
    assert.equal(sortsOf(verdicts), '');
  });

  it('is created and started with every option, on a target that is known', async () => {
    const mapped = OPTIONS.flatMap((options, index) => {
      const usual = mapAll(vms.slice(index * 25, index * 25 + 25), options, TARGET);
      return [...usual, ...mapAll(odd.slice(index * 5, index * 5 + 5), options, TARGET)];
    });
    const gates = [...(TARGET.featureGates ?? [])];
    assert.equal(sortsOf(await admitAll(mapped, { gates })), '');
  });

  it('is created and started by a KubeVirt 1.8 as installed', async () => {
    const verdicts = await admitAll(mapAll(vms.slice(0, 20), { devices: 'virtio' }));
    assert.equal(sortsOf(verdicts), '');
  });

  it('reaches every guest of the catalogue', () => {
    assert.deepEqual(new Set(vms.map((vm) => vm.guest.osId)), new Set([undefined, ...GUEST_IDS]));
  });
});
