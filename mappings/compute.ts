/** Processors: exactly what the guest had, with head room only where hot-add was on. Memory is in memory.ts. */
import type { DomainCpu } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import type { Cpu, Platform, SourceVm } from '../src/model/vm.ts';
import type { MappingContext } from './context.ts';
import { mapModel, mapNested } from './cpu-model.ts';
import { mapDedicated } from './dedicated-cpus.ts';
import { DOMAIN, type Ledger } from './ledger.ts';
import { cpuCount, HOT_ADD_FACTOR } from './size.ts';

/** KubeVirt's limit for sockets that are kept free for hot-add. */
const MAX_CPUS = 512;

export function mapCpu(vm: SourceVm, { options, facts }: MappingContext, ledger: Ledger): DomainCpu {
  const { sockets, cores } = chooseTopology(vm, options, ledger);
  const factor = facts.defaults?.maxHotplugRatio ?? HOT_ADD_FACTOR;
  const maxSockets = chooseMaxSockets(vm.cpu, { sockets, cores, factor }, ledger);
  ledger.added({
    to: `${DOMAIN}.cpu.threads`,
    value: 1,
    rule: 'cpu-topology',
    because:
      'Hypervisors show whole cores to a guest. Written because a topology with a missing part is accepted and then wrong.',
  });
  return {
    sockets,
    cores,
    threads: 1,
    maxSockets,
    ...mapModel(vm.cpu, options, ledger),
    ...mapNested(vm.cpu, facts, ledger),
    ...mapDedicated(vm, options, ledger),
  };
}

/** Sockets that the VM gets. */
export function socketCount(vm: SourceVm, options: MappingOptions): number {
  const count = cpuCount(vm, options);
  return count / chooseCores(vm.cpu.coresPerSocket, count, vm.platform.vendor).cores;
}

function chooseTopology(vm: SourceVm, options: MappingOptions, ledger: Ledger): { sockets: number; cores: number } {
  const count = cpuCount(vm, options);
  const { cores, because } = chooseCores(vm.cpu.coresPerSocket, count, vm.platform.vendor);
  const sockets = count / cores;
  noteCount(vm.cpu, { count, sockets, cores, given: options.cpus !== undefined }, ledger);
  const stated = vm.cpu.coresPerSocket;
  const entry = { to: `${DOMAIN}.cpu.cores`, value: cores, rule: 'cpu-topology', because };
  if (stated === undefined) ledger.added(entry);
  else if (stated === cores) ledger.kept({ ...entry, from: 'cpu.coresPerSocket', was: stated });
  else ledger.changed({ ...entry, from: 'cpu.coresPerSocket', was: stated });
  return { sockets, cores };
}

function noteCount(cpu: Cpu, chosen: { count: number; sockets: number; cores: number; given: boolean }, ledger: Ledger): void {
  const { count, sockets, cores, given } = chosen;
  const split = `Virtual CPUs: ${count}, in sockets of ${cores}.`;
  const entry = { to: `${DOMAIN}.cpu.sockets`, value: sockets, rule: 'cpu-topology' };
  const asked = given ? `${split} The number was given as an option.` : split;
  if (cpu.count === undefined)
    ledger.added({ ...entry, because: given ? asked : `${split} The source states no number of processors.` });
  else if (cpu.count === count)
    ledger.kept({ ...entry, from: 'cpu.count', was: cpu.count, because: `${split} As many as at the source.` });
  else ledger.changed({ ...entry, from: 'cpu.count', was: cpu.count, because: asked });
}

function chooseCores(stated: number | undefined, count: number, vendor: Platform['vendor']): { cores: number; because: string } {
  if (stated !== undefined && stated > 0 && count % stated === 0) {
    return {
      cores: stated,
      because: 'Same split as at the source: licences and Windows clients (two sockets at most) depend on it.',
    };
  }
  if (stated !== undefined) {
    return {
      cores: count,
      because: `${count} virtual CPUs cannot be split into sockets of ${stated}; one socket suits every licence.`,
    };
  }
  if (vendor === 'vmware')
    return { cores: 1, because: 'VMware gives each virtual CPU a socket of its own where nothing else is stated.' };
  return { cores: count, because: 'The source states no split; one socket suits every guest, Windows clients included.' };
}

function chooseMaxSockets(
  cpu: Cpu,
  { sockets, cores, factor }: { sockets: number; cores: number; factor: number },
  ledger: Ledger,
): number {
  const to = `${DOMAIN}.cpu.maxSockets`;
  if (cpu.hotAdd === true) {
    const maxSockets = Math.max(sockets, Math.min(Math.floor(sockets * factor), Math.floor(MAX_CPUS / cores)));
    ledger.changed({
      from: 'cpu.hotAdd',
      to,
      was: true,
      value: maxSockets,
      rule: 'cpu-hot-add',
      because: `CPU hot-add was on: sockets may be added while the VM runs, up to ${factor} times as many and ${MAX_CPUS} virtual CPUs.`,
    });
    return maxSockets;
  }
  const because = 'No hot-add: without this limit KubeVirt would show the guest four times as many sockets.';
  if (cpu.hotAdd === undefined) ledger.added({ to, value: sockets, rule: 'cpu-hot-add', because });
  else ledger.kept({ from: 'cpu.hotAdd', to, was: false, value: sockets, rule: 'cpu-hot-add', because });
  return sockets;
}
