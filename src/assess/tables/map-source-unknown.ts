import type { StorageSource } from '../../model/mapping.ts';
import { nearest } from '../nearest.ts';
import type { Finding } from '../rule.ts';
import type { SourceSurvey } from '../source-survey.ts';
import { fitsNetwork, type TableRule } from '../table-rule.ts';

export const rule: TableRule = {
  id: 'map-source-unknown',
  category: 'Warning',
  label: 'Entry of a map fits nothing',
  about:
    'No NIC or disk of the source is what the entry is about. A map may serve several sources, but often the name is misspelt.',
  subject: 'networkMap.entries[].source',
  remedy: 'Correct the name, or leave the entry for another source.',
  check({ networkMap, storageMap }, survey) {
    const findings: Finding[] = [];
    const { networks } = survey;
    for (const [index, { source }] of networkMap.entries.entries()) {
      if (networks.some(({ ref }) => fitsNetwork(source, ref))) continue;
      const wanted = typeof source === 'string' ? source : (source.name ?? source.id);
      const close =
        wanted === undefined
          ? undefined
          : nearest(
              wanted,
              networks.map(({ ref }) => ref.name),
            );
      findings.push({
        subject: `networkMap.entries[${index}].source`,
        assessment: `No NIC is on ${wanted ?? `VLAN ${typeof source === 'string' ? '' : source.vlan}`}.${hint(close)}`,
      });
    }
    for (const [index, { source }] of storageMap.entries.entries()) {
      const unknown = unknownPart(source, survey);
      if (unknown !== undefined)
        findings.push({
          subject: `storageMap.entries[${index}].source`,
          assessment: `No ${unknown.kind} is called ${unknown.text}.${hint(unknown.close)}`,
        });
    }
    return findings;
  },
};

interface UnknownPart {
  readonly kind: string;
  readonly text: string;
  readonly close: string | undefined;
}

/** The first part of the entry that nothing has. */
function unknownPart(source: StorageSource, { storages, policies, vms, disks }: SourceSurvey): UnknownPart | undefined {
  if (source === '*') return undefined;
  const { storage, policy, vm, disk } = typeof source === 'string' ? { storage: source } : source;
  if (storage !== undefined && !storages.some(({ ref }) => ref.id === storage || ref.name === storage))
    return {
      kind: 'storage with a disk',
      text: storage,
      close: nearest(
        storage,
        storages.map(({ ref }) => ref.name),
      ),
    };
  if (policy !== undefined && !policies.has(policy))
    return { kind: 'storage policy of a disk', text: policy, close: nearest(policy, policies) };
  if (vm !== undefined && !vms.has(vm)) return { kind: 'VM', text: vm, close: nearest(vm, vms) };
  if (disk !== undefined && !disks.has(disk)) return { kind: 'disk', text: disk, close: nearest(disk, disks) };
  return undefined;
}

function hint(close: string | undefined): string {
  return close === undefined ? '' : ` Is ${close} meant?`;
}
