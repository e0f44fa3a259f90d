import { found } from '../each-device.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'memory-missing',
  category: 'Critical',
  label: 'No memory',
  about: 'KubeVirt accepts a VM without memory and refuses to start it.',
  subject: 'VirtualMachine/spec.template.spec.domain.memory.guest',
  remedy: 'State the guest’s memory, huge pages, a request, or an instance type.',
  check({ machine }) {
    const { instancetype, template } = machine.spec;
    const { memory, resources } = template.spec.domain;
    const stated =
      instancetype !== undefined ||
      memory?.guest !== undefined ||
      memory?.hugepages !== undefined ||
      resources?.requests?.memory !== undefined ||
      resources?.limits?.memory !== undefined;
    return found(
      `${DOMAIN}.memory.guest`,
      stated ? undefined : 'Neither memory nor an instance type is stated: the VM would be accepted and never start.',
    );
  },
};
