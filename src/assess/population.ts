/** What the VMs of one plan have in common, counted once for all of them, so that the cost per VM does not grow with their number. */
import type { SourceVm } from '../model/vm.ts';

export interface Population {
  /** Names of the other VMs that want the same target name. */
  namesakes(vm: SourceVm): readonly string[];
  /** Names of the other VMs that have this MAC address. */
  macHolders(vm: SourceVm, mac: string): readonly string[];
}

export function surveyPeers(peers: readonly SourceVm[]): Population {
  const names = new Map<string, SourceVm[]>();
  const macs = new Map<string, SourceVm[]>();
  for (const peer of peers) {
    add(names, foldName(peer.name), peer);
    for (const mac of new Set(peer.nics.map((nic) => nic.mac))) if (mac !== undefined) add(macs, mac, peer);
  }
  const others = (list: readonly SourceVm[] | undefined, vm: SourceVm): readonly string[] =>
    (list ?? []).filter((peer) => peer.ref.id !== vm.ref.id).map((peer) => peer.name);
  return {
    namesakes: (vm) => others(names.get(foldName(vm.name)), vm),
    macHolders: (vm, mac) => others(macs.get(mac), vm),
  };
}

/** Two names that fold to the same text cannot both be kept in Kubernetes: it knows neither case nor punctuation. */
function foldName(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '');
}

function add(map: Map<string, SourceVm[]>, key: string, vm: SourceVm): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [vm]);
  else list.push(vm);
}
