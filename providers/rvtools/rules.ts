/** DRS rules between VMs, as vInfo tells them at each VM: the kinds in one column, the names in another, separated by commas. */
import type { Relation } from '../../src/model/estimate.ts';
import { text } from './cells.ts';
import type { Fleet } from './fleet.ts';

export function readRelations(fleet: Fleet): readonly Relation[] {
  const members = new Map<string, { kind: Relation['kind']; key: string; members: string[] }>();
  for (let number = 0; number < fleet.size; number += 1) {
    const { rules, ruleNames } = fleet.info(number);
    for (const { kind, key } of pair(split(text(rules)), split(text(ruleNames)))) {
      const found = members.get(`${kind} ${key}`) ?? { kind, key, members: [] };
      found.members.push(fleet.idOf(number));
      members.set(`${kind} ${key}`, found);
    }
  }
  return [...members.values()].filter((relation) => relation.members.length > 1);
}

function split(cell: string | undefined): readonly string[] {
  return cell?.split(/\s*[,;]\s*/).filter((part) => part !== '') ?? [];
}

/** Rules between VMs and hosts tie no VMs together; where names and kinds do not pair up, nothing is certain. */
function pair(kinds: readonly string[], names: readonly string[]): readonly Pick<Relation, 'kind' | 'key'>[] {
  if (kinds.length !== names.length) return [];
  return names.flatMap((key, index) => {
    const kind = kinds[index] ?? '';
    if (/host/i.test(kind) || !/affinity/i.test(kind)) return [];
    return [{ kind: /anti/i.test(kind) ? 'anti-affinity' : 'affinity', key } as const];
  });
}
