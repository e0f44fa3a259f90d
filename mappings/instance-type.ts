/** Size of a VM from the ladder of the cluster instead of written out, by option only: a source's size seldom is on it. */
import type { InstancetypeFacts } from '../src/model/cluster-facts.ts';
import type { VirtualMachine } from '../src/model/manifest.ts';
import { formatBytes } from '../src/model/units.ts';
import type { SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { isDedicated } from './dedicated-cpus.ts';
import type { Ledger } from './ledger.ts';
import { dropResources } from './reservations.ts';
import { cpuCount, memorySize } from './size.ts';

/** The general series of KubeVirt's common instance types; the others change how CPU or memory is given. */
const SERIES = /^u1\./;
const TO = 'VirtualMachine/spec.instancetype';
const RULE = 'instance-type';

/** The instance type for a VM; undefined where none was asked for, none fits, or the VM needs what a type cannot say. */
export function chooseInstancetype(vm: SourceVm, { options, facts }: MappingContext): InstancetypeFacts | undefined {
  if (options.instancetypes === undefined) return undefined;
  const special = vm.cpu.nestedVirtualization === true || isDedicated(vm.cpu, options);
  if (special || options.cpuModel !== undefined || options.hugepages !== undefined) return undefined;
  const cpus = cpuCount(vm, options);
  const memory = memorySize(vm, options);
  const series = (facts.instancetypes ?? []).filter(({ name }) => SERIES.test(name));
  const exact = series.find((one) => one.cpus === cpus && one.memory === memory);
  if (exact !== undefined || options.instancetypes === 'exact') return exact;
  return series
    .filter((one) => one.cpus >= cpus && one.memory >= memory)
    .toSorted((a, b) => a.cpus - b.cpus || a.memory - b.memory)[0];
}

/** What `mapCpu`, `mapMemory` and `mapResources` say otherwise. */
export function mapInstancetype(
  vm: SourceVm,
  type: InstancetypeFacts,
  { context, ledger }: { context: MappingContext; ledger: Ledger },
): Pick<VirtualMachine['spec'], 'instancetype'> {
  const { cpu, memory } = vm;
  const exact = type.cpus === cpuCount(vm, context.options) && type.memory === memorySize(vm, context.options);
  const because = exact
    ? 'The cluster has an instance type of exactly this size.'
    : `The smallest of the cluster that is no smaller: ${type.cpus} virtual CPUs, ${formatBytes(type.memory)}.`;
  if (cpu.count === undefined && memory.size === undefined) ledger.added({ to: TO, value: type.name, rule: RULE, because });
  noteSize('cpu.count', { was: cpu.count, same: cpu.count === type.cpus, value: type.name, because }, ledger);
  const size = memory.size === undefined ? undefined : formatBytes(memory.size);
  noteSize('memory.size', { was: size, same: memory.size === type.memory, value: type.name, because }, ledger);
  dropTopology(vm, ledger);
  dropResources(vm, context.options, ledger);
  return { instancetype: { kind: 'VirtualMachineClusterInstancetype', name: type.name } };
}

function noteSize(
  from: string,
  { was, same, value, because }: { was: string | number | undefined; same: boolean; value: string; because: string },
  ledger: Ledger,
): void {
  if (was === undefined) return;
  ledger[same ? 'kept' : 'changed']({ from, to: TO, was, value, rule: RULE, because });
}

function dropTopology({ cpu, memory }: SourceVm, ledger: Ledger): void {
  const split = 'An instance type says how many virtual CPUs there are; their split is that of the preference.';
  ledger.dropped({ from: 'cpu.coresPerSocket', was: cpu.coresPerSocket, rule: RULE, because: split });
  const growth = 'A VM with an instance type grows by getting a larger one.';
  ledger.dropped({ from: 'cpu.hotAdd', was: cpu.hotAdd, rule: RULE, because: growth });
  ledger.dropped({ from: 'memory.hotAdd', was: memory.hotAdd, rule: RULE, because: growth });
  const model = 'An instance type leaves the CPU model to the cluster.';
  const { evcMode, compatibilityMode, nestedVirtualization } = cpu;
  for (const [fact, was] of Object.entries({ evcMode, compatibilityMode, nestedVirtualization })) {
    ledger.dropped({ from: `cpu.${fact}`, was, rule: RULE, because: model });
  }
  const place = 'An instance type of this series shares the processors of its node.';
  const { affinity, latencySensitivity, numaNodes, numaNodeSize, numaAffinity } = cpu;
  for (const [fact, was] of Object.entries({ affinity, latencySensitivity, numaNodes, numaNodeSize, numaAffinity })) {
    ledger.dropped({ from: `cpu.${fact}`, was, rule: RULE, because: place });
  }
}
