import type { Finding } from '../rule.ts';
import { fitsNetwork, type TableRule } from '../table-rule.ts';

export const rule: TableRule = {
  id: 'map-source-ambiguous',
  category: 'Warning',
  label: 'Entry of a map fits several things',
  about:
    'Several networks or storages of the source have this name, in different datacentres or on different switches. The entry holds for all of them.',
  subject: 'networkMap.entries[].source',
  remedy: 'Name them by id where they should go to different places.',
  check({ networkMap, storageMap }, { networks, storages }) {
    const findings: Finding[] = [];
    for (const [index, { source }] of networkMap.entries.entries()) {
      const ids = new Set(networks.filter(({ ref }) => fitsNetwork(source, ref)).map(({ ref }) => ref.id));
      const text = typeof source === 'string' ? source : source.id === undefined ? source.name : undefined;
      if (ids.size > 1 && text !== undefined)
        findings.push({ subject: `networkMap.entries[${index}].source`, assessment: several('networks', text, ids) });
    }
    for (const [index, { source }] of storageMap.entries.entries()) {
      const text = typeof source === 'string' ? source : source.storage;
      const ids = new Set(storages.filter(({ ref }) => ref.id === text || ref.name === text).map(({ ref }) => ref.id));
      if (ids.size > 1 && text !== undefined)
        findings.push({ subject: `storageMap.entries[${index}].source`, assessment: several('storages', text, ids) });
    }
    return findings;
  },
};

function several(kind: string, text: string, ids: ReadonlySet<string>): string {
  return `${text} is the name of ${ids.size} ${kind}: ${[...ids].join(', ')}. Name them by id if they should not go to one place.`;
}
