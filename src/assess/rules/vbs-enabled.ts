import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'vbs-enabled',
  category: 'Information',
  label: 'Virtualisation-based security',
  about:
    'The guest may protect itself by a hypervisor of its own (Credential Guard, memory integrity). That needs nested virtualisation on the target, and a vTPM keeps its secrets.',
  subject: 'firmware.vbs',
  remedy: 'Switch these features off in the guest, or offer nested virtualisation on the nodes.',
  check({ firmware, cpu }) {
    if (firmware.vbs !== true) return [];
    const nested =
      cpu.nestedVirtualization === true
        ? ''
        : ' The source states no nested virtualisation for the guest itself, so none is asked for on the target.';
    return found(
      'firmware.vbs',
      `Credential Guard and memory integrity stop working, or keep Windows from starting, unless the node offers nested virtualisation.${nested}`,
    );
  },
};
