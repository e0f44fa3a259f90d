/** Which VMs have to move together. */
import { compareText } from '../model/concern.ts';
import type { EntanglementGroup, Relation, RelationKind } from '../model/estimate.ts';

/** A network usually joins too many VMs, so it has to be asked for. */
export const JOINED_BY_DEFAULT: readonly RelationKind[] = ['shared-disk', 'affinity', 'anti-affinity', 'application'];

/**
 * Groups of the VMs `ids` that relations join, in ascending order of key. A VM without partner is in no group; one whose partners
 * are all outside of the plan is a group of one, so that it is seen. Cost grows with the number of memberships.
 */
export function entanglement(
  ids: readonly string[],
  relations: readonly Relation[],
  joinedBy: readonly RelationKind[] = JOINED_BY_DEFAULT,
): readonly EntanglementGroup[] {
  const binding = relations.filter(({ kind, members }) => joinedBy.includes(kind) && new Set(members).size > 1);
  const tied = new Set(binding.flatMap(({ members }) => members));
  const parents = new Map(ids.filter((id) => tied.has(id)).map((id) => [id, id]));
  for (const { members } of binding) {
    const [first, ...others] = members.filter((member) => parents.has(member));
    if (first === undefined) continue;
    for (const other of others) union(parents, first, other);
  }
  const drafts = new Map<string, Draft>();
  for (const relation of binding) collect(drafts, parents, relation);
  for (const id of parents.keys()) drafts.get(find(parents, id))?.members.push(id);
  return [...drafts.values()].map(finish).toSorted((a, b) => compareText(a.key, b.key));
}

interface Draft {
  readonly members: string[];
  readonly relations: Pick<Relation, 'kind' | 'key'>[];
  readonly outside: Set<string>;
}

function collect(drafts: Map<string, Draft>, parents: Map<string, string>, { kind, key, members }: Relation): void {
  const inside = members.find((member) => parents.has(member));
  if (inside === undefined) return;
  const root = find(parents, inside);
  const draft = drafts.get(root) ?? { members: [], relations: [], outside: new Set() };
  draft.relations.push({ kind, key });
  for (const member of members) if (!parents.has(member)) draft.outside.add(member);
  drafts.set(root, draft);
}

function finish({ members, relations, outside }: Draft): EntanglementGroup {
  const sorted = members.toSorted(compareText);
  return {
    key: sorted[0] ?? '',
    members: sorted,
    relations: relations.toSorted((a, b) => compareText(a.kind, b.kind) || compareText(a.key, b.key)),
    outside: [...outside].toSorted(compareText),
  };
}

/** The representative of an id, with path halving: each visit makes the next one shorter. */
function find(parents: Map<string, string>, id: string): string {
  let current = id;
  for (;;) {
    const parent = parents.get(current) ?? current;
    if (parent === current) return current;
    const grandparent = parents.get(parent) ?? parent;
    parents.set(current, grandparent);
    current = grandparent;
  }
}

/** The smaller id represents both, so that the outcome does not depend on the order of the relations. */
function union(parents: Map<string, string>, a: string, b: string): void {
  const left = find(parents, a);
  const right = find(parents, b);
  if (left < right) parents.set(right, left);
  else parents.set(left, right);
}
