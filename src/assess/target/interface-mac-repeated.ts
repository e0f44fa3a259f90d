import type { Finding } from '../rule.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'interface-mac-repeated',
  category: 'Critical',
  label: 'One MAC address on two interfaces',
  about: 'KubeVirt accepts a VM with one MAC address twice; its network does not work.',
  subject: 'VirtualMachine/spec.template.spec.domain.devices.interfaces[].macAddress',
  remedy: 'Give each interface an address of its own.',
  check({ machine }) {
    const interfaces = machine.spec.template.spec.domain.devices?.interfaces ?? [];
    if (interfaces.length < 2) return [];
    const seen = new Map<string, string>();
    const findings: Finding[] = [];
    for (const [position, { name, macAddress }] of interfaces.entries()) {
      if (macAddress === undefined) continue;
      const twin = seen.get(macAddress);
      if (twin === undefined) seen.set(macAddress, name);
      else
        findings.push({
          subject: `${DOMAIN}.devices.interfaces[${position}].macAddress`,
          assessment: `${name} has the address of ${twin}: ${macAddress}. Give it another one.`,
        });
    }
    return findings;
  },
};
