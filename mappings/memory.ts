/** Memory: exactly what the guest had, with head room only where hot-add was on. */
import type { Domain } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import { formatBytes, GiB, MiB, roundUp, toQuantity } from '../src/model/units.ts';
import type { Memory } from '../src/model/vm.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

/** Given to a VM whose source says nothing. */
const DEFAULT_MEMORY = 2 * GiB;
/** KubeVirt's own rule for head room (LiveUpdate). */
const HOT_ADD_FACTOR = 4;
/** KubeVirt switches memory hot-plug off, silently, below 1 GiB and when the size is no multiple of 2 MiB. */
const MIN_HOTPLUG_MEMORY = GiB;
const HOTPLUG_ALIGNMENT = 2 * MiB;
const GIVEN = 'The memory size was given as an option.';

export function mapMemory(memory: Memory, options: MappingOptions, ledger: Ledger): Domain['memory'] {
  const size = chooseMemory(memory, options, ledger);
  const maxGuest = chooseMaxMemory(memory, size, ledger);
  ledger.dropped({
    from: 'memory.reservation',
    was: memory.reservation,
    rule: 'memory-scheduling',
    because: 'Kubernetes reserves the whole guest memory for a VM anyway.',
  });
  ledger.dropped({
    from: 'memory.limit',
    was: memory.limit,
    rule: 'memory-scheduling',
    because: 'A limit below the guest memory would have the VM killed instead of slowed down, so it is not carried over.',
  });
  return { guest: toQuantity(size), maxGuest: toQuantity(maxGuest) };
}

function chooseMemory(memory: Memory, options: MappingOptions, ledger: Ledger): number {
  const to = `${DOMAIN}.memory.guest`;
  const rule = 'memory-size';
  const asked = options.memory ?? (memory.size || DEFAULT_MEMORY);
  const size = roundUp(asked, MiB);
  const entry = { to, value: toQuantity(size), rule };
  if (memory.size === undefined) {
    ledger.added({ ...entry, because: options.memory === undefined ? 'The source states no memory size.' : GIVEN });
  } else if (size === memory.size) {
    ledger.kept({ ...entry, from: 'memory.size', was: formatBytes(size), because: 'Same size as at the source.' });
  } else {
    const because = memory.size === 0 ? 'No machine runs without memory.' : 'Rounded up to a whole MiB, as QEMU needs it.';
    const was = formatBytes(memory.size);
    ledger.changed({ ...entry, from: 'memory.size', was, because: options.memory === undefined ? because : GIVEN });
  }
  return size;
}

function chooseMaxMemory(memory: Memory, size: number, ledger: Ledger): number {
  const to = `${DOMAIN}.memory.maxGuest`;
  const rule = 'memory-hot-add';
  const fits = size >= MIN_HOTPLUG_MEMORY && size % HOTPLUG_ALIGNMENT === 0;
  if (memory.hotAdd === true && fits) {
    const maxGuest = size * HOT_ADD_FACTOR;
    const because = 'Memory hot-add was on: memory may be added while the VM runs, up to four times as much.';
    ledger.changed({ from: 'memory.hotAdd', to, was: true, value: toQuantity(maxGuest), rule, because });
    return maxGuest;
  }
  const value = toQuantity(size);
  if (memory.hotAdd === true) {
    const because = 'KubeVirt adds memory to a running VM only from 1 GiB on and in multiples of 2 MiB, so hot-add is off.';
    ledger.changed({ from: 'memory.hotAdd', to, was: true, value, rule, because });
    return size;
  }
  const because = 'No hot-add: without this limit KubeVirt would prepare the guest for four times as much memory.';
  if (memory.hotAdd === undefined) ledger.added({ to, value, rule, because });
  else ledger.kept({ from: 'memory.hotAdd', to, was: false, value, rule, because });
  return size;
}
