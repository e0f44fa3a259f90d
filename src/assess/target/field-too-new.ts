import { versionText } from '../../model/kubevirt-version.ts';
import type { TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'field-too-new',
  category: 'Critical',
  label: 'Field is newer than the target’s KubeVirt',
  about: 'An older KubeVirt drops fields that it does not know, without a word.',
  subject: 'VirtualMachine',
  remedy: 'Update KubeVirt, or do without what the field does.',
  check({ unusual, index }) {
    const version = index.kubevirt;
    if (version === undefined) return [];
    return unusual.flatMap(({ path, known }) =>
      known?.since !== undefined && known.since > version
        ? [
            {
              subject: `VirtualMachine/${path}`,
              assessment: `${path} exists from KubeVirt ${versionText(known.since)} on, and the target has ${versionText(version)}.`,
            },
          ]
        : [],
    );
  },
};
