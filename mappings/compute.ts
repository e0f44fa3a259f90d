/** Processors: exactly what the guest had, with head room only where hot-add was on. Memory is in memory.ts. */
import type { Domain } from '../src/model/manifest.ts';
import type { MappingOptions } from '../src/model/mapping.ts';
import type { Cpu, Platform, SourceVm } from '../src/model/vm.ts';
import { DOMAIN, type Ledger } from './ledger.ts';

/** Given to a VM whose source says nothing: enough to boot any current server system, little enough to be schedulable anywhere. */
const DEFAULT_CPUS = 2;
/** KubeVirt's own rule for head room (LiveUpdate): four times what is there, 512 virtual CPUs at most. */
const HOT_ADD_FACTOR = 4;
const MAX_CPUS = 512;

export function mapCpu(vm: SourceVm, options: MappingOptions, ledger: Ledger): Domain['cpu'] {
  const { sockets, cores } = chooseTopology(vm, options, ledger);
  const maxSockets = chooseMaxSockets(vm.cpu, { sockets, cores }, ledger);
  ledger.added({
    to: `${DOMAIN}.cpu.threads`,
    value: 1,
    rule: 'cpu-topology',
    because:
      'Hypervisors show whole cores to a guest. Written because a topology with a missing part is accepted and then wrong.',
  });
  dropSchedulingFacts(vm.cpu, ledger);
  if (vm.cpu.nestedVirtualization !== true) {
    ledger.dropped({
      from: 'cpu.nestedVirtualization',
      was: vm.cpu.nestedVirtualization,
      rule: 'cpu-nested',
      because: 'The guest did not see hardware virtualisation, so nothing asks for it.',
    });
    return { sockets, cores, threads: 1, maxSockets };
  }
  ledger.changed({
    from: 'cpu.nestedVirtualization',
    to: `${DOMAIN}.cpu.features`,
    was: true,
    value: 'vmx required',
    rule: 'cpu-nested',
    because:
      'The guest runs virtual machines itself. The VM starts only on Intel nodes that offer VT-x; on AMD nodes write svm instead.',
  });
  return { sockets, cores, threads: 1, maxSockets, features: [{ name: 'vmx', policy: 'require' }] };
}

function chooseTopology(vm: SourceVm, options: MappingOptions, ledger: Ledger): { sockets: number; cores: number } {
  const count = options.cpus ?? (vm.cpu.count || DEFAULT_CPUS);
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

function chooseMaxSockets(cpu: Cpu, { sockets, cores }: { sockets: number; cores: number }, ledger: Ledger): number {
  const to = `${DOMAIN}.cpu.maxSockets`;
  if (cpu.hotAdd === true) {
    const maxSockets = Math.max(sockets, Math.min(sockets * HOT_ADD_FACTOR, Math.floor(MAX_CPUS / cores)));
    ledger.changed({
      from: 'cpu.hotAdd',
      to,
      was: true,
      value: maxSockets,
      rule: 'cpu-hot-add',
      because: 'CPU hot-add was on: sockets may be added while the VM runs, up to four times as many and 512 virtual CPUs.',
    });
    return maxSockets;
  }
  const because = 'No hot-add: without this limit KubeVirt would show the guest four times as many sockets.';
  if (cpu.hotAdd === undefined) ledger.added({ to, value: sockets, rule: 'cpu-hot-add', because });
  else ledger.kept({ from: 'cpu.hotAdd', to, was: false, value: sockets, rule: 'cpu-hot-add', because });
  return sockets;
}

function dropSchedulingFacts(cpu: Cpu, ledger: Ledger): void {
  ledger.dropped({
    from: 'cpu.reservationMhz',
    was: cpu.reservationMhz,
    rule: 'cpu-scheduling',
    because: 'Kubernetes counts cores, not megahertz; set CPU requests if the VM needs a guarantee.',
  });
  ledger.dropped({
    from: 'cpu.limitMhz',
    was: cpu.limitMhz,
    rule: 'cpu-scheduling',
    because: 'Kubernetes counts cores, not megahertz; set CPU limits if the VM must be held back.',
  });
  ledger.dropped({
    from: 'cpu.affinity',
    was: cpu.affinity,
    rule: 'cpu-scheduling',
    because:
      "The numbers of the source host's processors mean nothing on another host; ask for dedicated CPUs if pinning matters.",
  });
  ledger.dropped({
    from: 'cpu.latencySensitivity',
    was: cpu.latencySensitivity,
    rule: 'cpu-scheduling',
    because: 'The counterpart is dedicated CPUs with an isolated emulator thread, which the nodes must be prepared for.',
  });
  ledger.dropped({
    from: 'cpu.numaNodes',
    was: cpu.numaNodes,
    rule: 'cpu-scheduling',
    because: 'KubeVirt cannot be given a NUMA layout; it can pass the node’s own through with dedicated CPUs and huge pages.',
  });
}
