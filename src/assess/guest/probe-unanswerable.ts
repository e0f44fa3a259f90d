import type { BootProbe } from '../../model/boot-proof.ts';
import type { SourceVm } from '../../model/vm.ts';
import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'probe-unanswerable',
  category: 'Critical',
  label: 'Probe that nothing can answer',
  about:
    'Probes ask the booted guest through a NIC. Where the VM has none, or not the one that is named, no answer comes and the migration fails at its end.',
  subject: 'options.probes',
  remedy: 'Leave the probes out for this VM, or name one of its NICs.',
  check(vm, { guest }) {
    const { probes = [] } = guest.proof ?? {};
    if (probes.length === 0) return [];
    if (vm.nics.length === 0)
      return found('options.probes', 'The VM has no NIC through which a probe could reach it. Leave the probes out for it.');
    const lost = probes.flatMap((probe) => strayMac(probe, vm) ?? []);
    return found(
      'options.probes',
      lost.length === 0 ? undefined : `No NIC of the VM has the address ${lost.join(', ')}, which a probe names.`,
    );
  },
};

/** Only where all addresses are known: a NIC without one is given one. */
function strayMac({ mac }: BootProbe, { nics }: SourceVm): string | undefined {
  if (mac === undefined || nics.some((nic) => nic.mac === undefined)) return undefined;
  return nics.some((nic) => nic.mac === mac.toLowerCase()) ? undefined : mac;
}
