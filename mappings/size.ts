/** How much of processor and memory a VM gets: what the source says, unless options say otherwise. */
import type { HugepageSize } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import { type Bytes, GiB, MiB, roundUp } from '../src/model/units.ts';
import type { SourceVm } from '../src/model/vm.ts';

/** Given to a VM whose source says nothing: enough to boot any current server system, little enough to be schedulable anywhere. */
const DEFAULT_CPUS = 2;
const DEFAULT_MEMORY = 2 * GiB;
/** KubeVirt's own head room for hot-add (`maxHotplugRatio`), where the cluster does not say otherwise. */
export const HOT_ADD_FACTOR = 4;

export const PAGE_BYTES: Readonly<Record<HugepageSize, Bytes>> = { '2Mi': 2 * MiB, '1Gi': GiB };

/** Virtual CPUs that the VM gets. */
export function cpuCount(vm: SourceVm, options: MappingOptions): number {
  return options.cpus ?? (vm.cpu.count || DEFAULT_CPUS);
}

/** Bytes of memory that the VM gets. */
export function memorySize({ memory }: SourceVm, options: MappingOptions): Bytes {
  return roundUp(options.memory ?? (memory.size || DEFAULT_MEMORY), MiB);
}

/** Size of the huge pages that the memory comes from; undefined: it does not. */
export function usedHugepages(vm: SourceVm, options: MappingOptions): HugepageSize | undefined {
  const { hugepages } = options;
  return hugepages !== undefined && memorySize(vm, options) % PAGE_BYTES[hugepages] === 0 ? hugepages : undefined;
}
