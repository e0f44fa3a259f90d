/**
 * Guarantees and limits of the source → requests and limits of the pod, by option only: as a rule Kubernetes reserves the whole
 * guest memory and a tenth of each virtual CPU. A memory limit is never carried over: below the guest memory it would have the
 * VM killed instead of slowed down.
 */
import type { Domain } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import { type Bytes, formatBytes, toQuantity } from '../src/model/units.ts';
import type { Cpu, Memory, SourceVm } from '../src/model/vm.ts';
import { isDedicated } from './dedicated-cpus.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { cpuCount, memorySize, usedHugepages } from './size.ts';

/** KubeVirt asks for this much of a core for each virtual CPU where nothing is stated (its allocation ratio is 10). */
const DEFAULT_MILLICORES = 100;
const RULE = 'reservations';
const MEMORY_RULE = 'memory-scheduling';

export function mapResources(vm: SourceVm, options: MappingOptions, ledger: Ledger): Pick<Domain, 'resources'> {
  dropMemoryLimits(vm.memory, ledger);
  if (options.reservations === undefined || isDedicated(vm.cpu, options)) {
    dropReservations(vm, options, ledger);
    return {};
  }
  const count = cpuCount(vm, options);
  const reserved = cores('reservation', vm.cpu, { count, options, ledger });
  const limit = cores('limit', vm.cpu, { count, options, ledger });
  const request = chooseRequest(reserved, limit, { count, ledger });
  const memory = chooseMemory(vm, options, ledger);
  const requests = {
    ...(request === undefined ? {} : { cpu: `${request}m` }),
    ...(memory === undefined ? {} : { memory: toQuantity(memory) }),
  };
  const limits = limit === undefined ? {} : { limits: { cpu: `${limit}m` } };
  return request === undefined && memory === undefined ? {} : { resources: { requests, ...limits } };
}

/** Facts of a VM whose size is given by an instance type, which says what is asked for as well. */
export function dropResources(vm: SourceVm, options: MappingOptions, ledger: Ledger): void {
  dropMemoryLimits(vm.memory, ledger);
  dropReservations(vm, options, ledger);
}

interface CoreContext {
  readonly count: number;
  readonly options: MappingOptions;
  readonly ledger: Ledger;
}

/** Millicores of the reservation or the limit, between 1 and all virtual CPUs; undefined where the source sets none. */
function cores(kind: 'reservation' | 'limit', cpu: Cpu, { count, options, ledger }: CoreContext): number | undefined {
  const percent = kind === 'reservation' ? cpu.reservationPercent : cpu.limitPercent;
  const mhz = kind === 'reservation' ? cpu.reservationMhz : cpu.limitMhz;
  const perCpu = options.reservations?.mhzPerCpu;
  const unlimited = kind === 'reservation' ? 0 : 100;
  const clamp = (value: number): number => Math.min(Math.max(Math.ceil(value), 1), count * 1000);
  const to = kind === 'reservation' ? `${DOMAIN}.resources.requests.cpu` : `${DOMAIN}.resources.limits.cpu`;
  if (mhz !== undefined && mhz > 0 && perCpu !== undefined) {
    const value = clamp((mhz / perCpu) * 1000);
    const because = `${perCpu} MHz count as one core, as given by the option.`;
    ledger.changed({ from: `cpu.${kind}Mhz`, to, was: mhz, value: `${value}m`, rule: RULE, because });
    dropPercent(kind, percent, 'The megahertz are carried over instead.', ledger);
    return value;
  }
  dropMhz(kind, mhz, ledger);
  if (percent === undefined || percent === unlimited) {
    dropPercent(kind, percent, kind === 'limit' ? 'All of it is no limit.' : 'None of it is no guarantee.', ledger);
    return undefined;
  }
  const value = clamp((percent / 100) * count * 1000);
  const because = `${percent} per cent of ${count} virtual CPUs.`;
  ledger.changed({ from: `cpu.${kind}Percent`, to, was: percent, value: `${value}m`, rule: RULE, because });
  return value;
}

/** A pod that asks for more than its limit is refused. */
function chooseRequest(
  reserved: number | undefined,
  limit: number | undefined,
  { count, ledger }: { count: number; ledger: Ledger },
): number | undefined {
  if (reserved !== undefined) return Math.min(reserved, limit ?? reserved);
  if (limit === undefined) return undefined;
  const value = Math.min(count * DEFAULT_MILLICORES, limit);
  const because = 'Without it Kubernetes would ask for as much as the limit allows.';
  ledger.added({ to: `${DOMAIN}.resources.requests.cpu`, value: `${value}m`, rule: RULE, because });
  return value;
}

function chooseMemory(vm: SourceVm, options: MappingOptions, ledger: Ledger): Bytes | undefined {
  const { reservation, reservationLocked } = vm.memory;
  if (reservation === undefined) return undefined;
  const size = memorySize(vm, options);
  if (reservation === 0 || reservation >= size || reservationLocked === true || usedHugepages(vm, options) !== undefined) {
    dropMemoryReservation(vm.memory, ledger);
    return undefined;
  }
  ledger.changed({
    from: 'memory.reservation',
    to: `${DOMAIN}.resources.requests.memory`,
    was: formatBytes(reservation),
    value: toQuantity(reservation),
    rule: MEMORY_RULE,
    because:
      'Asked for as an option: only this much is guaranteed, so that nodes may be overcommitted as they were at the source.',
  });
  return reservation;
}

function dropReservations({ cpu, memory }: SourceVm, options: MappingOptions, ledger: Ledger): void {
  dropMhz('reservation', cpu.reservationMhz, ledger);
  dropMhz('limit', cpu.limitMhz, ledger);
  const because = isDedicated(cpu, options)
    ? 'Dedicated cores are reserved in full.'
    : 'Kubernetes counts cores, not shares of them; reservations can be carried over by option.';
  dropPercent('reservation', cpu.reservationPercent, because, ledger);
  dropPercent('limit', cpu.limitPercent, because, ledger);
  dropMemoryReservation(memory, ledger);
}

function dropMhz(kind: 'reservation' | 'limit', was: number | undefined, ledger: Ledger): void {
  const because =
    kind === 'reservation'
      ? 'Kubernetes counts cores, not megahertz; set CPU requests if the VM needs a guarantee.'
      : 'Kubernetes counts cores, not megahertz; set CPU limits if the VM must be held back.';
  ledger.dropped({ from: `cpu.${kind}Mhz`, was, rule: 'cpu-scheduling', because });
}

function dropPercent(kind: 'reservation' | 'limit', was: number | undefined, because: string, ledger: Ledger): void {
  ledger.dropped({ from: `cpu.${kind}Percent`, was, rule: 'cpu-scheduling', because });
}

function dropMemoryReservation({ reservation }: Memory, ledger: Ledger): void {
  const because = 'Kubernetes reserves the whole guest memory for a VM anyway.';
  ledger.dropped({ from: 'memory.reservation', was: reservation, rule: MEMORY_RULE, because });
}

function dropMemoryLimits({ limit, reservationLocked }: Memory, ledger: Ledger): void {
  ledger.dropped({
    from: 'memory.limit',
    was: limit,
    rule: MEMORY_RULE,
    because: 'A limit below the guest memory would have the VM killed instead of slowed down, so it is not carried over.',
  });
  ledger.dropped({
    from: 'memory.reservationLocked',
    was: reservationLocked,
    rule: MEMORY_RULE,
    because: 'Kubernetes reserves the whole guest memory for a VM anyway.',
  });
}
