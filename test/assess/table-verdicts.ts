/** Runs one rule about tables, and says in a word per finding what it found. */
import { SourceSurvey } from '../../src/assess/source-survey.ts';
import type { Tables } from '../../src/assess/table-mistakes.ts';
import type { TableRule } from '../../src/assess/table-rule.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { disk, nic, smallVm } from '../mappings/small-vm.ts';

/** Two VMs: networks LAN (n-1) and DMZ (n-2, VLAN 7), storages fast (ds-1) and slow (ds-2). */
export const SOURCE: readonly SourceVm[] = [
  smallVm({
    nics: [nic({ network: { id: 'n-1', name: 'LAN' } }), nic({ network: { id: 'n-2', name: 'DMZ', vlan: 7 } })],
    disks: [disk({ storage: { id: 'ds-1', name: 'fast' }, storagePolicy: 'gold' })],
  }),
  smallVm({
    ref: { id: 'vm-2', name: 'db' },
    name: 'db',
    nics: [nic({ network: { id: 'n-1', name: 'LAN' } })],
    disks: [disk({ storage: { id: 'ds-2', name: 'slow' }, key: 'scsi0:1', label: 'Hard disk 2' })],
  }),
];

export function tables(parts: Partial<Tables>): Tables {
  return { networkMap: { entries: [] }, storageMap: { entries: [] }, facts: {}, options: { devices: 'virtio' }, ...parts };
}

export function tableFindings(rule: TableRule, parts: Partial<Tables>, vms: readonly SourceVm[] = SOURCE) {
  const survey = new SourceSurvey();
  for (const vm of vms) survey.add(vm);
  return rule.check(tables(parts), survey);
}

/** `Warning networkMap.entries[0].source`, in the order of the findings. */
export function tableVerdicts(rule: TableRule, parts: Partial<Tables>, vms?: readonly SourceVm[]): readonly string[] {
  return tableFindings(rule, parts, vms).map(({ category, subject }) => `${category ?? rule.category} ${subject}`);
}
