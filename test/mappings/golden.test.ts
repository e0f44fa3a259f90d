/**
 * Golden cases: test/golden/<case>/vms.json (+ maps.json) → expected.json with manifests, decisions and concerns. A case that fails
 * shows what changed; after a look, `UPDATE_GOLDEN=1` writes the new answer, and the diff is reviewed like code.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { MappingContext } from '../../mappings/context.ts';
import { mapVm } from '../../mappings/index.ts';
import { planNetworks } from '../../mappings/network-attachments.ts';
import { planPlacement } from '../../mappings/placement-rules.ts';
import { findSharedDisks } from '../../mappings/shared-disks.ts';
import { type SharedNetworks, sharedNetworks } from '../../mappings/shared-networks.ts';
import { assignTemplatedNames } from '../../mappings/templates.ts';
import { assess } from '../../src/assess/index.ts';
import { sortConcerns } from '../../src/model/concern.ts';
import type { Relation } from '../../src/model/estimate.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { inventedFacts, phantomTargets, unexplainedFields, unnamedFacts } from './every-field.ts';
import { fullVm } from './full-vm.ts';
import { leaves } from './leaves.ts';
import { faults } from './manifest-faults.ts';

const FOLDER = path.resolve(import.meta.dirname, '../golden');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
/** maps.json */
interface Maps extends Partial<MappingContext> {
  /** Rules between the VMs, as the source's inventory has them. */
  readonly relations?: readonly Relation[];
}
/** Guests are converted, as the doors do where nothing else is said. */
const DEFAULTS: Omit<MappingContext, 'name'> & Pick<Maps, 'relations'> = {
  networkMap: { entries: [] },
  storageMap: { entries: [] },
  facts: {},
  options: { devices: 'virtio' },
  guest: { policy: 'convert' },
};
const CASES = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());

interface Answer {
  readonly targetName: string;
  readonly manifests: readonly unknown[];
  readonly decisions: readonly unknown[];
  readonly concerns: readonly unknown[];
}

test('there are golden cases', () => {
  assert.ok(CASES.length >= 12, `${CASES.length} cases in ${FOLDER}`);
});

for (const { name } of CASES) {
  test(`golden case ${name}`, () => {
    const folder = path.join(FOLDER, name);
    const vms = readJson<SourceVm[]>(path.join(folder, 'vms.json'));
    assert.deepEqual(unknownFields(vms), [], 'vms.json has fields that no SourceVm has');
    const { vms: answers, networks } = answer(vms, folder);
    compare(path.join(folder, 'expected.json'), layout(answers));
    if (networks !== undefined) compare(path.join(folder, 'expected-networks.json'), `${JSON.stringify(networks, null, 2)}\n`);
  });
}

function compare(file: string, text: string): void {
  if (UPDATE) writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}

/** `networks`: what the VMs share; only where the maps ask for it. */
function answer(vms: readonly SourceVm[], folder: string): { vms: readonly Answer[]; networks: SharedNetworks | undefined } {
  const maps = path.join(folder, 'maps.json');
  const tables = { ...DEFAULTS, ...(existsSync(maps) ? readJson<Maps>(maps) : {}) };
  const networkPlan = planNetworks(vms, tables);
  const run = { networkPlan, sharedDisks: findSharedDisks(vms), placement: planPlacement(tables.relations ?? []) };
  const context = { ...tables, ...run };
  const names = assignTemplatedNames(vms, context.options);
  const networks = networkPlan && sharedNetworks(vms, context);
  const answers = vms.map((vm) => {
    const assigned = names.get(vm.ref.id);
    assert.ok(assigned);
    const mapping = mapVm(vm, { ...context, name: assigned.name, nameBecause: assigned.because });
    assert.deepEqual(faults(mapping.manifests), []);
    assert.deepEqual(
      [unnamedFacts(vm, mapping), inventedFacts(vm, mapping), unexplainedFields(mapping), phantomTargets(mapping)],
      [[], [], [], []],
    );
    const { targetName, manifests, decisions, concerns } = mapping;
    return {
      targetName,
      manifests,
      decisions,
      concerns: sortConcerns([
        ...assess(vm, {
          peers: vms,
          options: context.options,
          guest: { conversion: { policy: context.guest?.policy ?? 'none' } },
        }),
        ...concerns,
      ]),
    };
  });
  return { vms: answers, networks };
}

/** Manifests indented, decisions and concerns one a line: a change is a changed line. */
function layout(answers: readonly Answer[]): string {
  const parts = answers.map(({ targetName, manifests, decisions, concerns }) => {
    const lines = (items: readonly unknown[]): string =>
      items.length === 0 ? '[]' : `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
    return `{\n"targetName": ${JSON.stringify(targetName)},\n"concerns": ${lines(concerns)},\n"manifests": ${JSON.stringify(manifests, null, 2)},\n"decisions": ${lines(decisions)}\n}`;
  });
  return `[${parts.join(', ')}]\n`;
}

/** JSON has no types: a misspelt field would silently be an unknown fact. */
function unknownFields(vms: readonly SourceVm[]): readonly string[] {
  const shape = (vm: SourceVm): readonly string[] =>
    leaves(vm, 'nothing').map((leaf) => leaf.replaceAll(/\[\d+\]/g, '[]').replace(/^attributes.*/, 'attributes'));
  const known = new Set(shape(fullVm));
  return vms.flatMap(shape).filter((field) => !known.has(field));
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
