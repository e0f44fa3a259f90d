/** What VMs have in common, read from their facts. Rules that no SourceVm carries (DRS) are passed to `entanglement` beside these. */
import { compareText } from '../model/concern.ts';
import type { Relation, RelationKind } from '../model/estimate.ts';
import type { Disk, SourceVm } from '../model/vm.ts';

/** Tag categories and attribute names that say which application a VM belongs to; compared without case. */
const APPLICATION_WORDS: readonly string[] = ['app', 'application', 'application group', 'service', 'workload'];

/** Relations with at least two members, ascending by kind and key, members ascending. Cost grows with the number of devices. */
export function relationsOf(
  vms: readonly SourceVm[],
  applicationWords: readonly string[] = APPLICATION_WORDS,
): readonly Relation[] {
  const found = new Map<string, Relation & { readonly members: string[] }>();
  const words = new Set(applicationWords.map((word) => word.toLowerCase()));
  for (const vm of vms) {
    for (const { kind, key } of tiesOf(vm, words)) {
      const id = `${kind} ${key}`;
      const relation = found.get(id) ?? { kind, key, members: [] };
      if (relation.members.at(-1) !== vm.ref.id) relation.members.push(vm.ref.id);
      found.set(id, relation);
    }
  }
  return [...found.values()]
    .filter(({ members }) => members.length > 1)
    .map((relation) => ({ ...relation, members: relation.members.toSorted(compareText) }))
    .toSorted((a, b) => compareText(a.kind, b.kind) || compareText(a.key, b.key));
}

interface Tie {
  readonly kind: RelationKind;
  readonly key: string;
}

function tiesOf(vm: SourceVm, words: ReadonlySet<string>): readonly Tie[] {
  return [
    ...vm.disks.flatMap((disk) => diskTies(disk, vm)),
    ...vm.nics.flatMap(({ network }) => (network === undefined ? [] : [{ kind: 'network' as const, key: network.name }])),
    ...applicationTies(vm, words),
  ];
}

/**
 * Two VMs of one hypervisor that name one file share it. In packages equal file names mean nothing: each has a `disk1.vmdk`.
 * Copied disks keep their serial, so a serial counts only where the source says that the disk can be shared.
 */
function diskTies(disk: Disk, vm: SourceVm): readonly Tie[] {
  const { storage, file, serial } = disk;
  if (vm.packaging !== undefined) return [];
  const byFile = file === undefined || storage === undefined ? [] : [tie(`${storage.name}: ${file}`)];
  const bySerial = serial === undefined || !isShareable(disk, vm) ? [] : [tie(`serial ${serial}`)];
  return [...byFile, ...bySerial];
}

function isShareable({ shared, passthrough, slot }: Disk, { controllers }: SourceVm): boolean {
  if (shared === true || passthrough !== undefined) return true;
  const sharing = controllers.find(({ key }) => key === slot?.controller)?.sharing;
  return sharing === 'virtual' || sharing === 'physical';
}

function tie(key: string): Tie {
  return { kind: 'shared-disk', key };
}

function applicationTies({ tags = [], attributes = {} }: SourceVm, words: ReadonlySet<string>): readonly Tie[] {
  const named = [...tags.map(({ category = '', name }) => [category, name] as const), ...Object.entries(attributes)];
  return named
    .filter(([word, value]) => value !== '' && words.has(word.toLowerCase()))
    .map(([, value]) => ({ kind: 'application', key: value }));
}
