/** Processors of the node for one VM alone. Only by option: nodes must be prepared for it (static CPU manager). */
import type { DomainCpu } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import type { Cpu, SourceVm } from '../src/model/vm.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { usedHugepages } from './size.ts';

type Dedicated = Pick<DomainCpu, 'dedicatedCpuPlacement' | 'isolateEmulatorThread' | 'numa'>;

const RULE = 'cpu-dedicated';
const HOST_NUMBERS = "The numbers of the source host's processors mean nothing on another host";

/** True when the VM gets processors of its own. */
export function isDedicated(cpu: Cpu, { dedicatedCpus }: MappingOptions): boolean {
  if (dedicatedCpus === undefined) return false;
  return (
    dedicatedCpus === 'all' ||
    cpu.affinity !== undefined ||
    cpu.latencySensitivity !== undefined ||
    cpu.numaAffinity !== undefined
  );
}

/** True when the guest sees the NUMA nodes it runs on: KubeVirt wants dedicated processors and huge pages for that. */
export function isNumaPassthrough(vm: SourceVm, options: MappingOptions): boolean {
  const { numaNodes, numaNodeSize, numaAffinity } = vm.cpu;
  const asked = (numaNodes ?? 1) > 1 || numaNodeSize !== undefined || numaAffinity !== undefined;
  return asked && isDedicated(vm.cpu, options) && usedHugepages(vm, options) !== undefined;
}

export function mapDedicated(vm: SourceVm, options: MappingOptions, ledger: Ledger): Dedicated {
  const { cpu } = vm;
  if (!isDedicated(cpu, options)) {
    dropBindings(cpu, ledger);
    return {};
  }
  const because =
    'Asked for as an option: each virtual CPU has a core of the node for itself. Nodes need the static CPU manager.';
  const entry = { to: `${DOMAIN}.cpu.dedicatedCpuPlacement`, value: true, rule: RULE };
  if (cpu.affinity === undefined) ledger.added({ ...entry, because });
  else ledger.changed({ ...entry, from: 'cpu.affinity', was: cpu.affinity, because: `${HOST_NUMBERS}. ${because}` });
  return {
    dedicatedCpuPlacement: true,
    ...mapLatency(cpu, ledger),
    ...mapNuma(vm, options, ledger),
  };
}

function mapLatency(cpu: Cpu, ledger: Ledger): Pick<Dedicated, 'isolateEmulatorThread'> {
  if (cpu.latencySensitivity === undefined) return {};
  ledger.changed({
    from: 'cpu.latencySensitivity',
    to: `${DOMAIN}.cpu.isolateEmulatorThread`,
    was: cpu.latencySensitivity,
    value: true,
    rule: RULE,
    because: 'The emulator gets one more core, so that it never holds up the guest.',
  });
  return { isolateEmulatorThread: true };
}

function mapNuma(vm: SourceVm, options: MappingOptions, ledger: Ledger): Pick<Dedicated, 'numa'> {
  const { numaNodes, numaNodeSize, numaAffinity } = vm.cpu;
  if (!isNumaPassthrough(vm, options)) {
    const because = 'KubeVirt passes the NUMA nodes through only together with huge pages; give their size as an option.';
    dropNuma(vm.cpu, because, ledger);
    return {};
  }
  const to = `${DOMAIN}.cpu.numa.guestMappingPassthrough`;
  const because = 'The guest sees the NUMA nodes that it really runs on; a layout of its own cannot be given.';
  const facts = { numaNodes, numaNodeSize, numaAffinity } as const;
  for (const [fact, was] of Object.entries(facts)) {
    if (was !== undefined) ledger.changed({ from: `cpu.${fact}`, to, was, value: 'as the node', rule: RULE, because });
  }
  return { numa: { guestMappingPassthrough: {} } };
}

function dropBindings(cpu: Cpu, ledger: Ledger): void {
  const rule = 'cpu-scheduling';
  ledger.dropped({
    from: 'cpu.affinity',
    was: cpu.affinity,
    rule,
    because: `${HOST_NUMBERS}; ask for dedicated CPUs if pinning matters.`,
  });
  ledger.dropped({
    from: 'cpu.latencySensitivity',
    was: cpu.latencySensitivity,
    rule,
    because: 'The counterpart is dedicated CPUs with an isolated emulator thread, which the nodes must be prepared for.',
  });
  const because =
    'KubeVirt cannot be given a NUMA layout; it can pass the node’s own through with dedicated CPUs and huge pages.';
  dropNuma(cpu, because, ledger);
}

function dropNuma({ numaNodes, numaNodeSize, numaAffinity }: Cpu, because: string, ledger: Ledger): void {
  const rule = 'cpu-scheduling';
  ledger.dropped({ from: 'cpu.numaNodes', was: numaNodes, rule, because });
  ledger.dropped({ from: 'cpu.numaNodeSize', was: numaNodeSize, rule, because });
  ledger.dropped({ from: 'cpu.numaAffinity', was: numaAffinity, rule, because });
}
