import { found } from '../each-device.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'cpu-topology-incomplete',
  category: 'Critical',
  label: 'CPU topology has a hole',
  about:
    'KubeVirt fills sockets, cores and threads only when all three are missing. With some of them it accepts a VM without processors.',
  subject: 'VirtualMachine/spec.template.spec.domain.cpu',
  remedy: 'Write all three, each at least 1.',
  check({ machine }) {
    const { cpu } = machine.spec.template.spec.domain;
    if (cpu === undefined) return [];
    const parts = [cpu.sockets, cpu.cores, cpu.threads].map((count) => count ?? 0);
    const holes = parts.filter((count) => count < 1).length;
    return found(
      `${DOMAIN}.cpu`,
      holes === 0 || holes === parts.length
        ? undefined
        : `Sockets, cores and threads are ${parts.join(', ')}: the VM would be accepted with no processor.`,
    );
  },
};
