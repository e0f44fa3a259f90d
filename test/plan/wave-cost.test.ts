import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Relation } from '../../src/model/estimate.ts';
import { entanglement } from '../../src/plan/entanglement.ts';
import { estimateBasis } from '../../src/plan/figures.ts';
import type { WaveCandidate } from '../../src/plan/wave-units.ts';
import { planWaves } from '../../src/plan/waves.ts';

const BASIS = estimateBasis({ limits: { perHost: 4, perDatastore: 8, perPlan: 64 }, link: { total: 5e9 } });

/** Sizes, hosts and scores vary without a pattern that the planner could profit from. */
function fleet(size: number): readonly WaveCandidate[] {
  return Array.from({ length: size }, (_, index) => {
    const noise = Math.imul(index + 1, 2654435761) >>> 0;
    return {
      vm: `vm-${index}`,
      name: `vm-${index}`,
      score: noise % 101,
      host: `esx-${noise % 97}`,
      disks: [
        { bytes: (1 + (noise % 80)) * 1e9, storage: `ds-${noise % 31}` },
        { bytes: (1 + (noise % 300)) * 1e9, storage: `ds-${noise % 29}` },
      ],
      fixedSeconds: 110,
    };
  });
}

/** Every tenth VM belongs to an application of four. */
function applications(size: number): readonly Relation[] {
  return Array.from({ length: Math.floor(size / 40) }, (_, app) => ({
    kind: 'application' as const,
    key: `app-${app}`,
    members: [0, 10, 20, 30].map((offset) => `vm-${app * 40 + offset}`),
  }));
}

interface Case {
  readonly candidates: readonly WaveCandidate[];
  readonly relations: readonly Relation[];
}

function prepare(size: number): Case {
  return { candidates: fleet(size), relations: applications(size) };
}

/** CPU seconds of this thread for the waves of all cases, one after the other. */
function cpuSeconds(cases: readonly Case[]): number {
  const before = process.threadCpuUsage();
  for (const { candidates, relations } of cases) {
    const ids = candidates.map(({ vm }) => vm);
    const { waves } = planWaves({ candidates, groups: entanglement(ids, relations), basis: BASIS, window: { hours: 8 } });
    assert.equal(
      waves.reduce((sum, { vms }) => sum + vms.length, 0),
      candidates.length,
    );
  }
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1e6;
}

test('one fleet of 100,000 VMs costs less than twice as much as ten fleets of 10,000', () => {
  // Ten fleets that lie in memory side by side: one small fleet again and again would compare the caches of the machine.
  const ten = Array.from({ length: 10 }, () => prepare(10_000));
  const one = [prepare(100_000)];
  const [small, large] = [ten, one].map((cases) => Math.min(...Array.from({ length: 2 }, () => cpuSeconds(cases))));
  assert.ok(small !== undefined && large !== undefined);
  assert.ok(large < 2 * small, `${large} s for one, ${small} s for ten`);
});
