import type { NetworkTarget } from '../../model/mapping.ts';
import type { Finding } from '../rule.ts';
import type { TableRule } from '../table-rule.ts';

export const rule: TableRule = {
  id: 'map-target-missing',
  category: 'Critical',
  label: 'Target of an entry does not exist',
  about: 'The cluster has no such storage class or network attachment: claims would stay pending, and VMs would never start.',
  subject: 'storageMap.entries[].target',
  remedy: 'Create it, or correct the entry.',
  check({ networkMap, storageMap, facts, options }) {
    const findings: Finding[] = [];
    if (facts.storageClasses !== undefined) {
      const classes = new Set(facts.storageClasses.map(({ name }) => name));
      for (const [index, { target }] of storageMap.entries.entries()) {
        if (target.storageClass !== undefined && !classes.has(target.storageClass))
          findings.push({
            subject: `storageMap.entries[${index}].target`,
            assessment: `The cluster has no storage class ${target.storageClass}.${offer(classes)}`,
          });
      }
    }
    if (facts.networkAttachments !== undefined) {
      const attachments = new Set(facts.networkAttachments.map(({ namespace, name }) => `${namespace}/${name}`));
      for (const [index, { target }] of networkMap.entries.entries()) {
        const missing = namesOf(target, options.namespace).filter((name) => !attachments.has(name));
        if (missing.length > 0)
          findings.push({
            subject: `networkMap.entries[${index}].target`,
            assessment: `The cluster has no network attachment ${missing.join(', ')}.`,
          });
      }
    }
    return findings;
  },
};

/** `namespace/name` of each; none where the namespace is not known. */
function namesOf(target: NetworkTarget, own: string | undefined): readonly string[] {
  if (target.type !== 'multus' && target.type !== 'sriov') return [];
  const namespace = target.namespace ?? own;
  if (namespace === undefined) return [];
  return ('name' in target ? [target.name] : target.pool).map((name) => `${namespace}/${name}`);
}

function offer(classes: ReadonlySet<string>): string {
  return classes.size === 0 || classes.size > 10 ? '' : ` It has ${[...classes].join(', ')}.`;
}
