import { quantityOf } from '../../model/quantity.ts';
import { formatBytes } from '../../model/units.ts';
import type { Finding } from '../rule.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'node-too-small',
  category: 'Critical',
  label: 'No node is large enough',
  about:
    'The VM asks for more than the largest node has, so it is never placed. Processors are shared and only slow it down, unless it asks for dedicated ones: a warning then.',
  subject: 'VirtualMachine/spec.template.spec.domain.memory.guest',
  remedy: 'Make the VM smaller, or add a larger node.',
  check({ machine, facts }) {
    const largest = facts.nodes?.largest;
    if (largest === undefined) return [];
    const { cpu, memory } = machine.spec.template.spec.domain;
    const guest = quantityOf(memory?.guest ?? '') ?? 0;
    const cpus = (cpu?.sockets ?? 1) * (cpu?.cores ?? 1) * (cpu?.threads ?? 1);
    const findings: Finding[] = [];
    if (guest > largest.memory)
      findings.push({
        subject: `${DOMAIN}.memory.guest`,
        assessment: `The guest has ${memory?.guest}, and the largest node offers ${formatBytes(largest.memory)}.`,
      });
    if (cpus > largest.cpus)
      findings.push({
        subject: `${DOMAIN}.cpu`,
        category: 'Warning',
        assessment: `The guest has ${cpus} virtual CPUs, and the largest node offers ${largest.cpus} CPUs: they would compete with one another.`,
      });
    return findings;
  },
};
