/** Memory: exactly what the guest had, with head room only where hot-add was on. */
import type { DomainMemory, HugepageSize } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import { type Bytes, formatBytes, GiB, toQuantity } from '../src/model/units.ts';
import type { Memory, SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { isNumaPassthrough } from './dedicated-cpus.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { HOT_ADD_FACTOR, memorySize, PAGE_BYTES, usedHugepages } from './size.ts';

/** KubeVirt refuses `maxGuest` below 1 GiB and where the memory is no multiple of 2 MiB (pages of 1 GiB: of 1 GiB). */
const MIN_HOTPLUG_MEMORY = GiB;
const GIVEN = 'The memory size was given as an option.';

export function mapMemory(vm: SourceVm, { options, facts }: MappingContext, ledger: Ledger): DomainMemory {
  const size = memorySize(vm, options);
  noteSize(vm.memory, { size, given: options.memory !== undefined }, ledger);
  const hugepages = mapHugepages(vm, options, ledger);
  const alignment = hugepages === undefined ? PAGE_BYTES['2Mi'] : PAGE_BYTES[hugepages];
  const maxGuest = chooseMaxMemory(vm.memory, ledger, {
    size,
    factor: facts.defaults?.maxHotplugRatio ?? HOT_ADD_FACTOR,
    obstacle: findObstacle(size, alignment, isNumaPassthrough(vm, options)),
  });
  return {
    guest: toQuantity(size),
    ...(maxGuest === undefined ? {} : { maxGuest: toQuantity(maxGuest) }),
    ...(hugepages === undefined ? {} : { hugepages: { pageSize: hugepages } }),
  };
}

function noteSize({ size: stated }: Memory, { size, given }: { size: Bytes; given: boolean }, ledger: Ledger): void {
  const entry = { to: `${DOMAIN}.memory.guest`, value: toQuantity(size), rule: 'memory-size' };
  if (stated === undefined) {
    ledger.added({ ...entry, because: given ? GIVEN : 'The source states no memory size.' });
  } else if (size === stated) {
    ledger.kept({ ...entry, from: 'memory.size', was: formatBytes(size), because: 'Same size as at the source.' });
  } else {
    const because = stated === 0 ? 'No machine runs without memory.' : 'Rounded up to a whole MiB, as QEMU needs it.';
    ledger.changed({ ...entry, from: 'memory.size', was: formatBytes(stated), because: given ? GIVEN : because });
  }
}

function mapHugepages(vm: SourceVm, options: MappingOptions, ledger: Ledger): HugepageSize | undefined {
  if (options.hugepages === undefined) return undefined;
  const pageSize = usedHugepages(vm, options);
  if (pageSize === undefined) {
    const size = formatBytes(memorySize(vm, options));
    ledger.concern(
      'memory-hugepages-unfit',
      'memory.size',
      `${size} is no multiple of ${options.hugepages}, so the memory is ordinary. Give a memory size that is one.`,
    );
    return undefined;
  }
  ledger.added({
    to: `${DOMAIN}.memory.hugepages.pageSize`,
    value: pageSize,
    rule: 'memory-hugepages',
    because: 'Given as an option. The VM starts only on nodes with enough free pages of this size.',
  });
  return pageSize;
}

/** Why the memory of the VM can neither grow nor be told not to. */
function findObstacle(size: Bytes, alignment: Bytes, numa: boolean): string | undefined {
  if (numa) return 'KubeVirt does not add memory to a guest that sees the NUMA nodes of its node';
  if (size >= MIN_HOTPLUG_MEMORY && size % alignment === 0) return undefined;
  return `KubeVirt adds memory to a running VM only from 1 GiB on and in multiples of ${formatBytes(alignment)}`;
}

function chooseMaxMemory(
  { hotAdd }: Memory,
  ledger: Ledger,
  { size, factor, obstacle }: { size: Bytes; factor: number; obstacle: string | undefined },
): Bytes | undefined {
  const to = `${DOMAIN}.memory.maxGuest`;
  const rule = 'memory-hot-add';
  if (obstacle !== undefined) {
    const because = hotAdd === true ? `${obstacle}, so hot-add is off.` : `${obstacle}, so no limit is needed.`;
    ledger.dropped({ from: 'memory.hotAdd', was: hotAdd, rule, because });
    return undefined;
  }
  if (hotAdd === true) {
    const maxGuest = size * Math.floor(factor);
    const because = `Memory hot-add was on: memory may be added while the VM runs, up to ${Math.floor(factor)} times as much.`;
    ledger.changed({ from: 'memory.hotAdd', to, was: true, value: toQuantity(maxGuest), rule, because });
    return maxGuest;
  }
  const value = toQuantity(size);
  const because = 'No hot-add: without this limit KubeVirt would prepare the guest for four times as much memory.';
  if (hotAdd === undefined) ledger.added({ to, value, rule, because });
  else ledger.kept({ from: 'memory.hotAdd', to, was: false, value, rule, because });
  return size;
}
