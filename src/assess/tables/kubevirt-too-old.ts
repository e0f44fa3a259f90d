import { versionOf } from '../../model/kubevirt-version.ts';
import type { TableRule } from '../table-rule.ts';

/** The oldest version whose VirtualMachine this program writes. */
const OLDEST = '1.6';

export const rule: TableRule = {
  id: 'kubevirt-too-old',
  category: 'Warning',
  label: 'KubeVirt older than supported',
  about: 'Plans are made for KubeVirt 1.6 and later. An older one drops fields that it does not know, without a word.',
  subject: 'facts.kubevirtVersion',
  remedy: 'Update KubeVirt.',
  check({ facts }) {
    const version = versionOf(facts.kubevirtVersion ?? '');
    if (version === undefined || version >= (versionOf(OLDEST) ?? 0)) return [];
    return [
      {
        subject: 'facts.kubevirtVersion',
        assessment: `The target has KubeVirt ${facts.kubevirtVersion}. Update it to ${OLDEST} at least, or look at each concern about fields that are too new.`,
      },
    ];
  },
};
