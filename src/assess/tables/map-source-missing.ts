import { compareText } from '../../model/concern.ts';
import type { StorageMap } from '../../model/mapping.ts';
import type { Finding } from '../rule.ts';
import { fitsNetwork, type TableRule } from '../table-rule.ts';

const SHOWN = 10;

export const rule: TableRule = {
  id: 'map-source-missing',
  category: 'Warning',
  label: 'A map leaves something out',
  about:
    'A map is given, and some networks or storages in use have no entry in it. Their NICs go to the pod network or are left out, their disks to the default class.',
  subject: 'networkMap.entries',
  remedy: 'Add entries, or `*` for all other storages.',
  check({ networkMap, storageMap, options }, { networks, storages }) {
    const findings: Finding[] = [];
    if (networkMap.entries.length > 0 && options.generateNetworks === undefined) {
      const left = networks.filter(({ ref }) => !networkMap.entries.some(({ source }) => fitsNetwork(source, ref)));
      const names = left.map(
        ({ ref, count }) => `${ref.name}${ref.vlan === undefined ? '' : ` (VLAN ${ref.vlan})`}, NICs: ${count}`,
      );
      if (names.length > 0)
        findings.push({ subject: 'networkMap.entries', assessment: `Networks without an entry: ${list(names)}.` });
    }
    if (storageMap.entries.length > 0 && !coversAll(storageMap)) {
      const left = storages.filter(({ ref }) => !storageMap.entries.some(({ source }) => fitsStorage(source, ref)));
      const names = left.map(({ ref, count }) => `${ref.name}, disks: ${count}`);
      if (names.length > 0)
        findings.push({ subject: 'storageMap.entries', assessment: `Storages without an entry: ${list(names)}.` });
    }
    return findings;
  },
};

/** `*`, or entries by VM, disk or policy: whether those reach every disk is decided disk by disk. */
function coversAll({ entries }: StorageMap): boolean {
  return entries.some(({ source }) => source === '*' || (typeof source !== 'string' && source.storage === undefined));
}

function fitsStorage(
  source: StorageMap['entries'][number]['source'],
  { id, name }: { readonly id: string; readonly name: string },
): boolean {
  const storage = typeof source === 'string' ? source : source.storage;
  return storage === id || storage === name;
}

function list(names: readonly string[]): string {
  const shown = names.toSorted(compareText).slice(0, SHOWN).join('; ');
  return names.length > SHOWN ? `${shown}; and ${names.length - SHOWN} more` : shown;
}
