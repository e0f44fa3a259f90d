import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'latency-sensitive',
  category: 'Warning',
  label: 'Latency sensitivity',
  about: 'Latency-sensitive VMs get processors of their own on vSphere. The counterpart in KubeVirt needs prepared nodes.',
  subject: 'cpu.latencySensitivity',
  remedy: 'Ask for dedicated CPUs on prepared nodes.',
  check({ cpu }) {
    const level = cpu.latencySensitivity;
    if (level === undefined || /^(normal|medium)$/i.test(level)) return [];
    return [
      {
        subject: 'cpu.latencySensitivity',
        assessment: `The level ${level} is dropped. Set dedicatedCpuPlacement and isolateEmulatorThread once the nodes offer it, and measure.`,
      },
    ];
  },
};
