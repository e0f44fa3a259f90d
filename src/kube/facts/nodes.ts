/** What the nodes have for VMs, in sum: one pass over nodes and one over pods, and only sums are kept. */
import type { ClusterFacts, NodeFacts } from '../../model/cluster-facts.ts';
import { defined } from '../../model/defined.ts';
import { quantityOf } from '../../model/quantity.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { NODES, PODS } from '../kinds.ts';
import { at, entriesAt, listAt, textAt } from './json.ts';
import { requestsOf } from './pod-requests.ts';
import type { FactsSource } from './source.ts';

/** virt-handler writes it on the nodes where it runs. */
const RUNS_VMS = 'kubevirt.io/schedulable';
const VENDOR = 'cpu-vendor.node.kubevirt.io/';
const FEATURE = 'cpu-feature.node.kubevirt.io/';
const HUGEPAGES = 'hugepages-';
const SMALL_PAGES = 200;

export async function readNodes(source: FactsSource): Promise<Pick<ClusterFacts, 'nodes'>> {
  const withKubevirt = new Sum();
  const all = new Sum();
  const read = await source.each(
    NODES,
    (node) => {
      if (!takesPods(node)) return;
      all.add(node);
      if (node.metadata.labels?.[RUNS_VMS] === 'true') withKubevirt.add(node);
    },
    { pageSize: SMALL_PAGES },
  );
  if (!read) return {};
  // Where KubeVirt has not labelled any node, it is not there yet, and every node will do.
  const sum = withKubevirt.count > 0 ? withKubevirt : all;
  const running = { fields: 'status.phase!=Succeeded,status.phase!=Failed', pageSize: SMALL_PAGES };
  await source.each(PODS, (pod) => sum.take(pod), running);
  return { nodes: sum.facts() };
}

/** Ready, and open for pods that tolerate nothing, as those of our VMs do. */
export function takesPods(node: KubeObject): boolean {
  const ready = listAt(node, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
  const repels = listAt(node, 'spec', 'taints').some((taint) => /^No(Schedule|Execute)$/.test(textAt(taint, 'effect') ?? ''));
  return ready && !repels && at(node, 'spec', 'unschedulable') !== true;
}

class Sum {
  count = 0;
  readonly #names = new Set<string>();
  readonly #largest = { cpus: 0, memory: 0 };
  readonly #free = { cpus: 0, memory: 0 };
  readonly #vendors = new Set<string>();
  readonly #hugepages = new Set<string>();
  #features: Set<string> | undefined;

  add(node: KubeObject): void {
    this.count += 1;
    this.#names.add(node.metadata.name);
    const allocatable = at(node, 'status', 'allocatable');
    for (const [name, resource] of RESOURCES) {
      const amount = quantityOf(textAt(allocatable, resource) ?? '') ?? 0;
      this.#largest[name] = Math.max(this.#largest[name], amount);
      this.#free[name] += amount;
    }
    for (const [name, value] of entriesAt(allocatable)) {
      if (name.startsWith(HUGEPAGES) && (quantityOf(String(value)) ?? 0) > 0) this.#hugepages.add(name.slice(HUGEPAGES.length));
    }
    const labels = Object.entries(node.metadata.labels ?? {}).flatMap(([name, value]) => (value === 'true' ? [name] : []));
    for (const vendor of suffixes(labels, VENDOR)) this.#vendors.add(vendor);
    const features = new Set(suffixes(labels, FEATURE));
    this.#features = this.#features?.intersection(features) ?? features;
  }

  /** Takes away what a pod on one of these nodes asks for. */
  take(pod: KubeObject): void {
    if (!this.#names.has(textAt(pod, 'spec', 'nodeName') ?? '')) return;
    for (const [name, resource] of RESOURCES) this.#free[name] -= requestsOf(pod, resource);
  }

  facts(): NodeFacts {
    const free = { cpus: tidy(Math.max(0, this.#free.cpus)), memory: Math.max(0, this.#free.memory) };
    return {
      count: this.count,
      largest: { ...this.#largest },
      free,
      // Without a label of KubeVirt on any node, vendors and features are unknown, not none.
      ...defined({
        vendors: this.#vendors.size === 0 ? undefined : [...this.#vendors].toSorted(),
        cpuFeatures: this.#vendors.size === 0 ? undefined : [...(this.#features ?? [])].toSorted(),
      }),
      hugepages: [...this.#hugepages].toSorted(),
    };
  }
}

const RESOURCES = [
  ['cpus', 'cpu'],
  ['memory', 'memory'],
] as const;

function suffixes(names: readonly string[], prefix: string): readonly string[] {
  return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** Sums of tenths are not exact; a thousandth of a processor is all that Kubernetes counts. */
function tidy(cpus: number): number {
  return Math.round(cpus * 1000) / 1000;
}
