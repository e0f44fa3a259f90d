import { quantityOf } from '../../model/quantity.ts';
import { found } from '../each-device.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'memory-limit-below-guest',
  category: 'Critical',
  label: 'Memory limit below the guest’s memory',
  about:
    'With live updates on, KubeVirt accepts a limit below the guest’s memory. The guest is killed as soon as it uses what it has.',
  subject: 'VirtualMachine/spec.template.spec.domain.resources.limits.memory',
  remedy: 'Remove the limit, or raise it well above the guest’s memory.',
  check({ machine }) {
    const { memory, resources } = machine.spec.template.spec.domain;
    const limit = quantityOf(resources?.limits?.memory ?? '');
    const guest = quantityOf(memory?.guest ?? '');
    return found(
      `${DOMAIN}.resources.limits.memory`,
      limit === undefined || guest === undefined || limit >= guest
        ? undefined
        : `The limit is ${resources?.limits?.memory} and the guest has ${memory?.guest}: it would be killed. Remove the limit.`,
    );
  },
};
