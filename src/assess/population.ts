/** What the VMs of one plan have in common, counted once for all of them, so that the cost per VM does not grow with their number. */
import type { Nic, SourceVm } from '../model/vm.ts';

/** As much of a VM as its peers have to know. */
export type Peer = Pick<SourceVm, 'ref' | 'name'> & { readonly nics: readonly Pick<Nic, 'mac'>[] };

/** Other VMs with the same property. */
export interface Others {
  readonly count: number;
  /** Names of the first few, for people. */
  readonly names: string;
}

export interface Population {
  /** The other VMs that want the same target name. */
  namesakes(vm: Peer): Others;
  /** The other VMs that have this MAC address. */
  macHolders(vm: Peer, mac: string): Others;
}

/** Names by id, under the property that the VMs share; the only holder as it is, because nearly every name and address has one. */
type Index = Map<string, Peer | Map<string, string>>;

const SHOWN = 5;

export function surveyPeers(peers: readonly Peer[]): Population {
  const names: Index = new Map();
  const macs: Index = new Map();
  for (const peer of peers) {
    add(names, foldName(peer.name), peer);
    for (const { mac } of peer.nics) if (mac !== undefined) add(macs, mac, peer);
  }
  return {
    namesakes: (vm) => others(names.get(foldName(vm.name)), vm),
    macHolders: (vm, mac) => others(macs.get(mac), vm),
  };
}

function others(holders: Peer | Map<string, string> | undefined, vm: Peer): Others {
  if (holders === undefined) return { count: 0, names: '' };
  if (!(holders instanceof Map))
    return holders.ref.id === vm.ref.id ? { count: 0, names: '' } : { count: 1, names: holders.name };
  const count = holders.has(vm.ref.id) ? holders.size - 1 : holders.size;
  const shown: string[] = [];
  for (const [id, name] of holders) {
    if (shown.length === SHOWN) break;
    if (id !== vm.ref.id) shown.push(name);
  }
  const more = count > shown.length ? ` and ${count - shown.length} more` : '';
  return { count, names: shown.join(', ') + more };
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

function add(index: Index, key: string, peer: Peer): void {
  const holders = index.get(key);
  if (holders === undefined) index.set(key, peer);
  else if (holders instanceof Map) holders.set(peer.ref.id, peer.name);
  else index.set(key, new Map([holders, peer].map(({ ref, name }) => [ref.id, name])));
}
