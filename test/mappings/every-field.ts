/** The law of the dry run: every fact of the source and every field of a manifest has a Decision that names it. */
import type { Mapping } from '../../src/model/mapping.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { covers, leaves } from './leaves.ts';

/** Facts that are one thing although they have parts; everything else must be named leaf by leaf. */
const WHOLE =
  /^(disks\[\d+\]\.(slot|format|storage|parents)|nics\[\d+\]\.(network|addresses|guestIp|portPolicies)|cdroms\[\d+\]\.slot|devices\[\d+\]|guest\.filesystems\[\d+\]|guest\.tools\.services|memory\.dynamic|snapshots\.list\[\d+\]|placement\.hostRules|availability\.replication|tags|attributes|extras\[\d+\]|firmware\.bootOrder|packaging\.(unlisted|sizeMismatches|configuration|properties\[\d+\]))/;

/** Manifest parts that one Decision may cover with all below. Anything coarser hides what was decided. */
const COARSE =
  /^VirtualMachine\/(spec(\.template(\.spec(\.domain(\.(cpu|memory|devices|devices\.(disks|interfaces)(\[\d+\])?|features|firmware))?)?)?)?)$/;

/** Facts of the VM that no Decision names. */
export function unnamedFacts(vm: SourceVm, mapping: Mapping): readonly string[] {
  const named = new Set(mapping.decisions.map(({ from }) => from));
  return leaves(vm, 'nothing').filter((leaf) => !named.has(leaf) && !named.has(WHOLE.exec(leaf)?.[0] ?? leaf));
}

/** Decisions that name a fact which the VM does not have. */
export function inventedFacts(vm: SourceVm, mapping: Mapping): readonly string[] {
  const all = leaves(vm, 'nothing');
  return mapping.decisions.map(({ from }) => from).filter((from) => from !== '' && !all.some((leaf) => covers(from, leaf)));
}

/** Fields of the manifests that no Decision explains. */
export function unexplainedFields(mapping: Mapping): readonly string[] {
  const targets = mapping.decisions.map(({ to }) => to).filter((to) => to !== '' && !COARSE.test(to));
  return mapping.manifests.flatMap((manifest) => {
    const root = manifest.kind === 'VirtualMachine' ? manifest.kind : `${manifest.kind}/${manifest.metadata.name}`;
    const { apiVersion: _version, kind: _kind, ...content } = manifest;
    return leaves(content, 'leaf')
      .map((leaf) => `${root}/${leaf}`)
      .filter((leaf) => !targets.some((to) => covers(to, leaf)));
  });
}

/** Decisions that point at a field which is not in the manifests. */
export function phantomTargets(mapping: Mapping): readonly string[] {
  const fields = mapping.manifests.flatMap((manifest) => {
    const root = manifest.kind === 'VirtualMachine' ? manifest.kind : `${manifest.kind}/${manifest.metadata.name}`;
    return leaves(manifest, 'leaf').map((leaf) => `${root}/${leaf}`);
  });
  return mapping.decisions
    .map(({ to }) => to)
    .filter((to) => to !== '' && !to.includes('[]') && !fields.some((field) => covers(to, field)));
}
