import { visitFields } from '../known-fields.ts';
import type { Finding } from '../rule.ts';
import type { TargetRule } from '../target-rule.ts';
import { versionText } from '../versions.ts';

export const rule: TargetRule = {
  id: 'field-too-new',
  category: 'Critical',
  label: 'Field is newer than the target’s KubeVirt',
  about: 'An older KubeVirt drops fields that it does not know, without a word.',
  subject: 'VirtualMachine',
  remedy: 'Update KubeVirt, or do without what the field does.',
  check({ machine, index }) {
    const version = index.kubevirt;
    if (version === undefined) return [];
    const tooNew: Finding[] = [];
    visitFields(machine, (path, known) => {
      if (known?.since !== undefined && known.since > version)
        tooNew.push({
          subject: `VirtualMachine/${path}`,
          assessment: `${path} exists from KubeVirt ${versionText(known.since)} on, and the target has ${versionText(version)}.`,
        });
    });
    return tooNew;
  },
};
