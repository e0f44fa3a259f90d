import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'vapp-member',
  category: 'Information',
  label: 'VM is part of a vApp',
  about: 'A vApp starts its VMs in an order and gives them shared settings. Kubernetes has neither.',
  subject: 'placement.vApp',
  remedy: 'Migrate the VMs of the vApp together; let the software inside wait for what it needs.',
  check({ placement }) {
    const vApp = placement?.vApp;
    return found(
      'placement.vApp',
      vApp === undefined ? undefined : `The start order and the settings of ${vApp} are lost. Migrate its VMs together.`,
    );
  },
};
