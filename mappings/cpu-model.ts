/** What kind of processor the guest sees: its model, and hardware virtualisation for guests that run VMs themselves. */
import type { ClusterFacts } from '../src/model/cluster-facts.ts';
import type { DomainCpu } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import type { Cpu } from '../src/model/vm.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

const BASELINE = 'A CPU model that all nodes share is the counterpart; it can be given as an option.';

export function mapModel(cpu: Cpu, { cpuModel }: MappingOptions, ledger: Ledger): Pick<DomainCpu, 'model'> {
  const rule = 'cpu-model';
  if (cpuModel === undefined) {
    ledger.dropped({ from: 'cpu.evcMode', was: cpu.evcMode, rule, because: BASELINE });
    ledger.dropped({ from: 'cpu.compatibilityMode', was: cpu.compatibilityMode, rule, because: BASELINE });
    return {};
  }
  const because = `Given as an option. ${MODEL_REASONS[cpuModel] ?? 'Every node that offers this model can run the VM.'}`;
  const entry = { to: `${DOMAIN}.cpu.model`, value: cpuModel, rule, because };
  if (cpu.evcMode === undefined) ledger.added(entry);
  else ledger.changed({ ...entry, from: 'cpu.evcMode', was: cpu.evcMode });
  ledger.dropped({
    from: 'cpu.compatibilityMode',
    was: cpu.compatibilityMode,
    rule,
    because: 'The CPU model that was given as an option takes its place.',
  });
  return { model: cpuModel };
}

const MODEL_REASONS: Readonly<Record<string, string>> = {
  'host-model': 'The guest sees nearly what its node has; it can be live migrated to nodes that have no less.',
  'host-passthrough': 'The guest sees exactly what its node has; live migration needs nodes of the same processor.',
};

type Features = NonNullable<DomainCpu['features']>;

/** VT-x and AMD-V exclude each other, so only a cluster of one vendor lets us insist on one. */
export function mapNested(cpu: Cpu, facts: ClusterFacts, ledger: Ledger): Pick<DomainCpu, 'features'> {
  const rule = 'cpu-nested';
  if (cpu.nestedVirtualization !== true) {
    ledger.dropped({
      from: 'cpu.nestedVirtualization',
      was: cpu.nestedVirtualization,
      rule,
      because: 'The guest did not see hardware virtualisation, so nothing asks for it.',
    });
    return {};
  }
  const { features, value, because } = chooseNested(facts.nodes?.vendors);
  ledger.changed({
    from: 'cpu.nestedVirtualization',
    to: `${DOMAIN}.cpu.features`,
    was: true,
    value,
    rule,
    because: `The guest runs virtual machines itself. ${because}`,
  });
  return { features };
}

function chooseNested(vendors: readonly string[] | undefined): { features: Features; value: string; because: string } {
  if (isOnly(vendors, 'Intel')) {
    const because = 'All nodes have Intel processors; the VM starts where VT-x is offered to guests.';
    return { features: [{ name: 'vmx', policy: 'require' }], value: 'vmx required', because };
  }
  if (isOnly(vendors, 'AMD')) {
    const because = 'All nodes have AMD processors; the VM starts where AMD-V is offered to guests.';
    return { features: [{ name: 'svm', policy: 'require' }], value: 'svm required', because };
  }
  return {
    features: [
      { name: 'vmx', policy: 'optional' },
      { name: 'svm', policy: 'optional' },
    ],
    value: 'vmx and svm, whichever the node has',
    because:
      vendors === undefined
        ? 'Whether the nodes have Intel or AMD processors is not known, so neither is insisted on: see that nodes offer it to guests.'
        : 'The nodes have processors of several vendors, so neither is insisted on: see that nodes offer it to guests.',
  };
}

/** True when all nodes are known to have processors of this vendor. */
export function isOnly(vendors: readonly string[] | undefined, vendor: 'Intel' | 'AMD'): boolean {
  return vendors !== undefined && vendors.length > 0 && vendors.every((one) => one === vendor);
}
