/** Maps a VM of which only the given facts are known, and finds decisions in the result. */
import assert from 'node:assert/strict';
import type { MappingContext } from '../../mappings/context.ts';
import { mapVm } from '../../mappings/index.ts';
import type { PersistentVolumeClaim, VirtualMachine } from '../../src/model/manifest.ts';
import type { Decision, Mapping } from '../../src/model/mapping.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { smallVm } from './small-vm.ts';

export interface MappedSmall {
  readonly mapping: Mapping;
  readonly machine: VirtualMachine;
  readonly domain: VirtualMachine['spec']['template']['spec']['domain'];
  readonly claims: readonly PersistentVolumeClaim[];
  /** The only decision about a fact. */
  decisionOn(from: string): Decision;
  /** Ids of the concerns, in order. */
  readonly concerns: readonly string[];
}

export function mapSmall(facts: Partial<SourceVm>, context: Partial<MappingContext> = {}): MappedSmall {
  const defaults: MappingContext = {
    networkMap: { entries: [] },
    storageMap: { entries: [] },
    facts: {},
    options: { devices: 'virtio' },
    name: 'web',
  };
  const mapping = mapVm(smallVm(facts), { ...defaults, ...context });
  const machine = mapping.manifests.find((one) => one.kind === 'VirtualMachine');
  assert.ok(machine);
  return {
    mapping,
    machine,
    domain: machine.spec.template.spec.domain,
    claims: mapping.manifests.filter((one) => one.kind === 'PersistentVolumeClaim'),
    concerns: mapping.concerns.map(({ id }) => id),
    decisionOn(from) {
      const found = mapping.decisions.filter((decision) => decision.from === from);
      assert.equal(found.length, 1, `decisions about ${from}`);
      return found[0] as Decision;
    },
  };
}
