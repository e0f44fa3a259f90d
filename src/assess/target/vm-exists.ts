import { found } from '../each-device.ts';
import type { TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'vm-exists',
  category: 'Critical',
  label: 'Name is taken on the target',
  about: 'The namespace has a VirtualMachine of this name already. It is never overwritten.',
  subject: 'VirtualMachine/metadata.name',
  remedy: 'Delete or rename one of them, or choose another namespace.',
  check({ machine, namespace, index, vm }) {
    const existing = namespace === undefined ? undefined : index.vms?.get(`${namespace}/${machine.metadata.name}`);
    if (existing === undefined) return [];
    const origin = existing.sourceId === vm.ref.id ? ' It was migrated from this very VM.' : '';
    return found(
      'VirtualMachine/metadata.name',
      `${existing.namespace} has a VirtualMachine ${existing.name} already.${origin} Rename one of them, or choose another namespace.`,
    );
  },
};
